/** The files of a cluster that was shut down: read from its folder, and written into another one. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TarEntry } from '../database/tar';

/** Folders before what is in them. Each file is read when it is asked for. */
export function* filesIn(data: string, below = ''): Generator<TarEntry> {
  for (const entry of readdirSync(join(data, below), { withFileTypes: true })) {
    const path = below === '' ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory()) {
      yield { path, data: undefined };
      yield* filesIn(data, path);
    } else if (entry.isFile()) yield { path, data: readFileSync(join(data, path)) };
  }
}

/** @param own hands a path over to the user that the server runs as */
export function unpackFolder(data: string, files: readonly TarEntry[], own: (path: string) => void): void {
  for (const { path, data: content } of [{ path: '', data: undefined }, ...files]) {
    const to = join(data, path);
    // Postgres insists on a folder that is closed to others (PostgreSQL source, checkDataDir in miscinit.c).
    if (content === undefined) mkdirSync(to, { mode: 0o700 });
    else writeFileSync(to, content, { mode: 0o600 });
    own(to);
  }
}
