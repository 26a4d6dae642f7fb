/** A folder that can be read and not written. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { withFolder } from './files';

/** Root may write wherever the disk lets it: for root it is a read-only disk, or no folder at all where none can be mounted. */
export async function withUnwritable<T>(use: (folder: string) => Promise<T>): Promise<T> {
  return withFolder(async (home) => {
    const folder = join(home, 'closed');
    mkdirSync(folder);
    if (process.getuid?.() !== 0) {
      chmodSync(folder, 0o500);
      return use(folder);
    }
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'ro', 'tmpfs', folder]).status === 0;
    try {
      return await use(mounted ? folder : join(__filename, 'closed'));
    } finally {
      if (mounted) spawnSync('umount', [folder]);
    }
  });
}
