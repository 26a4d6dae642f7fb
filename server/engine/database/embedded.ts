/**
 * The embedded Postgres (PGlite) as a database: its state lies in one file, its engine runs in a worker.
 *
 * A session works on a copy in memory. What a `write` session did reaches the file when it is closed or `keep` is
 * called, in one rename: whenever the process is killed, the file is as it was before or as it is afterwards.
 */
import type { Database } from './database';
import { compiled } from './embeddedAssets';
import { lockFile } from './embeddedLock';
import { EmbeddedSession } from './embeddedSession';
import { givingUp } from './givingUp';
import { onSession } from './onSession';

export interface EmbeddedDatabase extends Database {
  open(purpose: 'read' | 'write', signal?: AbortSignal): Promise<EmbeddedSession>;
}

export interface EmbeddedPlace {
  /** Absolute path; made when missing. Undefined: nothing is kept, every session begins with an empty database. */
  readonly file: string | undefined;
  /** Instead of the file, for one session that keeps nothing: as EmbeddedSession.image gives it. */
  readonly image?: Uint8Array | undefined;
  /** Folder with the bundled workers and WebAssembly files. */
  readonly assets: string;
  /** For people. */
  readonly label: string;
  readonly name: string;
}

export function embeddedDatabase({ file, image, assets, label, name }: EmbeddedPlace): EmbeddedDatabase {
  return {
    id: `embedded:${file ?? ''}`,
    label,
    name,
    local: true,
    engine: 'embedded',
    ...(file === undefined ? {} : { file }),
    async open(purpose, signal) {
      signal?.throwIfAborted();
      const place = { assets, label, file, image, wasm: await compiled(assets, 'pglite.wasm') };
      if (purpose === 'read' || file === undefined) return EmbeddedSession.start(place);
      const release = lockFile(file);
      try {
        return await EmbeddedSession.start({ ...place, release });
      } catch (error) {
        release();
        throw error;
      }
    },
    async dump(signal) {
      signal?.throwIfAborted();
      return onSession(this.open('read'), (session) => givingUp(session, signal, () => session.dump()));
    },
  };
}
