/**
 * Have files come or gone in a folder of migrations? The editor tells of files; but where the whole folder goes, as when
 * another branch is checked out, VS Code tells of the folder only, which no pattern for files meets (it leaves out what
 * is deleted below a deleted folder: src/vs/platform/files/common/watcher.ts). Other editors may tell nothing at all.
 */
import { unlessUnreadable } from '../engine/base/unlessUnreadable';
import type { Files } from '../engine/world';

export class FolderNames {
  private readonly seen = new Map<string, string>();

  constructor(private readonly files: Pick<Files, 'list'>) {}

  /** What is in it from now on is compared with what is in it now. */
  know(folder: string): void {
    if (!this.seen.has(folder)) this.seen.set(folder, this.namesIn(folder));
  }

  /** Since it was asked last. */
  haveChanged(folder: string): boolean {
    const names = this.namesIn(folder);
    const isOther = this.seen.get(folder) !== names;
    this.seen.set(folder, names);
    return isOther;
  }

  /** That a folder cannot be read is told by who needs its files. */
  private namesIn(folder: string): string {
    return unlessUnreadable(() => this.files.list(folder).join('\n')) ?? '';
  }
}
