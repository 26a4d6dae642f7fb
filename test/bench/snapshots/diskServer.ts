/** A server as people have theirs, on the disk and with its own settings: what is measured on it has reached the disk. */
import { once } from 'node:events';
import {
  appendFileSync,
  closeSync,
  copyFileSync,
  fsyncSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
} from 'node:fs';
import { rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, type QueryResultRow } from 'pg';
import { guardOver } from '../../../server/engine/shadow/clusterFolders';
import { programsOf } from '../../../server/engine/shadow/serverPrograms';
import { binariesOf, type Major } from '../../support/servers';
import type { Access } from '../faults/place';

export interface DiskServer {
  readonly major: Major;
  /** For our own files, on the same disk. */
  readonly storage: string;
  /** False where the temporary folder lies in memory: then no disk is measured. */
  readonly onDisk: boolean;
  readonly access: (database: string) => Access;
  /** On a connection of its own, by default in `postgres`. */
  readonly sql: <Row extends QueryResultRow>(text: string, database?: string) => Promise<readonly Row[]>;
  /** The database's files, each copied and flushed to the disk; the copy is gone afterwards. @returns milliseconds */
  readonly copyFiles: (database: string) => Promise<number>;
  stop(): Promise<void>;
}

/** Nothing else has any work to do then; all other settings are those that Postgres comes with, so that fsync is on. */
const quiet = `listen_addresses = ''\nautovacuum = off\n`;

/** Of tmpfs, in statfs(2). */
const inMemory = 0x0102_1994;

export async function startOnDisk(major: Major): Promise<DiskServer> {
  const folder = mkdtempSync(join(tmpdir(), 'rehearsal-bench-'));
  const guard = guardOver(folder);
  const as = programsOf({ binaries: binariesOf(major) }, folder);
  const login = { user: 'postgres', password: 'bench' };
  const data = join(folder, 'data');
  await initialise(as, folder, data, login);
  const child = as.spawn('postgres', ['-D', data, '-k', folder]);
  const ended = once(child, 'exit');
  await new Promise<void>((resolve, reject) => {
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      if (/ready to accept connections/.test(text)) resolve();
    });
    child.once('exit', () => reject(new Error('the server ended at once')));
  });
  const storage = join(folder, 'ours');
  mkdirSync(storage);
  const access = (database: string): Access => ({ host: folder, port: 5432, ...login, database });
  const sql: DiskServer['sql'] = (text, database = 'postgres') => asked(access(database), text);
  return {
    major,
    storage,
    onDisk: statfsSync(folder).type !== inMemory,
    access,
    sql,
    async copyFiles(database) {
      const [row] = await sql<{ oid: number }>(`select oid from pg_database where datname = '${database}'`);
      return copied(join(data, 'base', String(row?.oid)), join(folder, 'copied'));
    },
    async stop() {
      child.kill('SIGINT');
      await ended;
      rmSync(folder, { recursive: true, force: true });
      guard.stdin?.end();
    },
  };
}

async function initialise(
  as: ReturnType<typeof programsOf>,
  folder: string,
  data: string,
  { user, password }: Pick<Access, 'user' | 'password'>,
): Promise<void> {
  const file = join(folder, 'password');
  writeFileSync(file, password, { mode: 0o600 });
  as.own(file);
  const words = ['-D', data, '-U', user, '-A', 'scram-sha-256', '--pwfile', file, '-E', 'UTF8', '--locale=C'];
  const { code, output } = await as.run('initdb', words);
  if (code !== 0) throw new Error(`initdb: ${output}`);
  appendFileSync(join(data, 'postgresql.conf'), quiet);
}

async function asked<Row extends QueryResultRow>(access: Access, text: string): Promise<readonly Row[]> {
  const client = new Client({ ...access });
  await client.connect();
  try {
    const { rows } = await client.query<Row>(text);
    return rows;
  } finally {
    await client.end();
  }
}

/** Each is flushed before the next; the system copies inside of the kernel. */
function copied(from: string, to: string): number {
  mkdirSync(to);
  try {
    const began = performance.now();
    for (const name of readdirSync(from)) {
      copyFileSync(join(from, name), join(to, name));
      flush(join(to, name), 'r+');
    }
    flush(to, 'r');
    return performance.now() - began;
  } finally {
    rmSync(to, { recursive: true });
  }
}

function flush(path: string, flags: 'r' | 'r+'): void {
  const file = openSync(path, flags);
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
