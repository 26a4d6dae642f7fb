/**
 * Reads files that others have put there. A repository may hold a pipe or a device under the name of a migration: to
 * read one would wait for ever, or never come to an end.
 */
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';

/** @throws {Error} of the file system, with its `code`; `EINVAL` when it is no regular file */
export function readRegularFile(path: string): Buffer {
  // Without O_NONBLOCK, which Windows lacks, opening a pipe waits for somebody who writes.
  const file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const status = fstatSync(file);
    if (status.isDirectory()) throw unreadable('EISDIR', 'it is a folder');
    if (!status.isFile()) throw unreadable('EINVAL', 'it is no regular file');
    return readFileSync(file);
  } finally {
    closeSync(file);
  }
}

const unreadable = (code: string, message: string): Error => Object.assign(new Error(message), { code });
