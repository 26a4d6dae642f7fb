/**
 * Saves a file with a byte order mark, or without one: no edit of its text can, for VS Code keeps the mark out of that.
 * Offered by the quick fix that puts back what was applied.
 */
import { Uri, workspace } from 'vscode';
import type { Command } from './command';

const mark = new Uint8Array([0xef, 0xbb, 0xbf]);

export const writeMark: Command = {
  id: 'rehearsal.writeMark',
  async run(_parts, uri, isMarked) {
    if (typeof uri !== 'string' || typeof isMarked !== 'boolean') return;
    const file = Uri.parse(uri);
    const document = await workspace.openTextDocument(file);
    // Why it could not be saved was said.
    if (document.isDirty && !(await document.save())) return;
    const bytes = await workspace.fs.readFile(file);
    const bare = mark.every((it, at) => bytes[at] === it) ? bytes.subarray(mark.length) : bytes;
    await workspace.fs.writeFile(file, isMarked ? Buffer.concat([mark, bare]) : bare);
  },
};
