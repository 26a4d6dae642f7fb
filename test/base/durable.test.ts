/** A file that is written anew is the same one to everybody: its text is another, and who may read it is not. */
import { equal } from 'node:assert/strict';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unlessMissing, writeDurably } from '../../server/engine/base/durable';
import { diskFiles } from '../../server/world';

const modeOf = (path: string): number => statSync(path).mode & 0o777;

describe('a file that is written durably', () => {
  let folder = '';
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'rehearsal-durable-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  it('keeps who may read it', () => {
    const path = join(folder, '001_users.sql');
    writeFileSync(path, 'before');
    // Windows knows nothing but whether it may be written.
    const modes = process.platform === 'win32' ? [0o666] : [0o644, 0o664, 0o755];
    for (const mode of modes) {
      chmodSync(path, mode);
      writeDurably(path, `mode ${mode}`);
      equal(modeOf(path), mode);
      equal(readFileSync(path, 'utf8'), `mode ${mode}`);
    }
  });

  it('is closed to others when it is new', () => {
    const path = join(folder, 'new', 'entry.json');
    writeDurably(path, '{}');
    equal(modeOf(path), process.platform === 'win32' ? 0o666 : 0o600);
  });

  it('has nothing below it', () => {
    const path = join(folder, 'entry.json');
    writeDurably(path, '{}');
    const below = join(path, 'up.sql');
    equal(diskFiles.read(below), undefined);
    equal(
      unlessMissing(() => statSync(below)),
      undefined,
    );
  });
});
