/**
 * A Postgres server of our own: a fresh cluster in a folder of ours, durability off, gone when we are gone.
 *
 * Only we can log in: a Unix socket in a folder that is closed to others (a loopback port on Windows), and a random
 * password. A guard process notices our end, however it came, stops the server and removes its folder.
 */
import type { ChildProcess } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { appendFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { TarEntry } from '../database/tar';
import { filesIn, unpackFolder } from './clusterFiles';
import {
  clusterFault,
  clusterFolder,
  endServer,
  guardOver,
  placeForClusters,
  postmasterIn,
  sweep,
} from './clusterFolders';
import { type Installation, type Programs, programsOf, windows } from './serverPrograms';

export interface PrivateServer {
  /** Folder of the socket, or `127.0.0.1`. */
  readonly host: string;
  readonly port: number;
  /** The superuser. */
  readonly user: string;
  readonly password: string;
  /** Process id of the postmaster. */
  readonly pid: number;
  readonly folder: string;
  /** Resolves when the server has ended, by whatever cause. */
  readonly ended: Promise<void>;
  /** Ends every session at once, stops the server and removes its folder. */
  stop(): Promise<void>;
  /** Stops the server in order, gives its files to `use`, and removes its folder. */
  pack<T>(use: (files: Iterable<TarEntry>) => Promise<T>): Promise<T>;
}

export interface ServerOptions extends Installation {
  /** Lines for postgresql.conf, over ours. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Name of the superuser; `postgres` when not said. */
  readonly superuser?: string;
  /** Files of a former server of the same binaries, instead of a new cluster. */
  readonly image?: ClusterFiles;
  /** Lines of pg_hba.conf instead of ours. */
  readonly hba?: readonly string[];
  /** Listen on a free port of 127.0.0.1 as well. */
  readonly tcp?: boolean;
  /** How long the server may take until it accepts connections, in milliseconds; 30 seconds when not said. */
  readonly startMs?: number;
}

export interface ClusterFiles {
  readonly files: readonly TarEntry[];
  /** Of its superuser. */
  readonly password: string;
}

/** Nothing here has to survive a crash, and nothing may disturb a rehearsal (measured in ENGINES.md 2 and 7). */
const settingsOfOurs: Readonly<Record<string, string>> = {
  fsync: 'off',
  full_page_writes: 'off',
  synchronous_commit: 'off',
  autovacuum: 'off',
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_connections: '40',
  max_locks_per_transaction: '512',
  max_prepared_transactions: '8',
  deadlock_timeout: '50ms',
  shared_buffers: '64MB',
  min_wal_size: '32MB',
  max_wal_size: '256MB',
  jit: 'off',
  dynamic_shared_memory_type: 'mmap',
  log_min_messages: 'log',
  log_checkpoints: 'off',
  logging_collector: 'off',
  update_process_title: 'off',
};

const usualStartMs = 30_000;

/** @throws {Fault} `no-shadow` when the binaries cannot make or start a cluster; `disk-full` */
export async function startServer(options: ServerOptions): Promise<PrivateServer> {
  const home = placeForClusters();
  await sweep(home);
  const folder = clusterFolder(home);
  const guard = guardOver(folder);
  const tcp = options.tcp === true || windows;
  const { superuser: user = 'postgres', image } = options;
  const login = { user, password: image?.password ?? randomBytes(18).toString('base64url') };
  try {
    const as = programsOf(options, folder);
    if (image) unpackFolder(join(folder, 'data'), image.files, as.own);
    else await initialise(folder, login, as);
    const port = tcp ? await freePort() : 5432;
    configure(options, folder, port, tcp);
    const child = as.spawn('postgres', ['-D', join(folder, 'data'), '-k', windows ? '' : folder]);
    const place = { folder, host: tcp ? '127.0.0.1' : folder, port, ...login };
    return await running({ child, guard, as, startMs: options.startMs ?? usualStartMs }, place);
  } catch (cause) {
    rmSync(folder, { recursive: true, force: true });
    guard.stdin?.end();
    throw clusterFault(home, `${options.binaries} could not start a server`, cause);
  }
}

async function initialise(
  folder: string,
  login: Pick<PrivateServer, 'user' | 'password'>,
  as: Programs,
): Promise<void> {
  const file = join(folder, 'password');
  writeFileSync(file, login.password, { mode: 0o600 });
  as.own(file);
  const common = [
    '-D',
    join(folder, 'data'),
    '-U',
    login.user,
    '-A',
    'scram-sha-256',
    '--pwfile',
    file,
    '-E',
    'UTF8',
    // The smallest: what is filled with zeros at the start and kept in an image.
    '--wal-segsize=1',
    '--no-sync',
    '--no-instructions',
  ];
  // C.UTF-8 knows letters beyond ASCII; where the system lacks it, C has to do.
  const first = await as.run('initdb', [...common, '--locale=C.UTF-8']);
  if (first.code !== 0) {
    rmSync(join(folder, 'data'), { recursive: true, force: true });
    const second = await as.run('initdb', [...common, '--no-locale']);
    if (second.code !== 0) throw new Error(`initdb: ${second.output.trim()}`);
  }
  rmSync(file);
}

function configure(options: ServerOptions, folder: string, port: number, tcp: boolean): void {
  const data = join(folder, 'data');
  const settings = {
    ...settingsOfOurs,
    port: String(port),
    listen_addresses: tcp ? '127.0.0.1' : '',
    ...options.settings,
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} = '${value.replaceAll("'", "''")}'`);
  appendFileSync(join(data, 'postgresql.conf'), `${lines.join('\n')}\n`);
  if (options.hba) writeFileSync(join(data, 'pg_hba.conf'), `${options.hba.join('\n')}\n`);
}

interface Starting {
  readonly child: ChildProcess;
  readonly guard: ChildProcess;
  readonly as: Programs;
  readonly startMs: number;
}

async function running(
  { child, guard, as, startMs }: Starting,
  place: Pick<PrivateServer, 'folder' | 'host' | 'port' | 'user' | 'password'>,
): Promise<PrivateServer> {
  const ended = once(child, 'exit').then(() => undefined);
  const pid = await started(child, ended, startMs, place.folder);
  const remove = (): void => {
    rmSync(place.folder, { recursive: true, force: true, maxRetries: 5 });
    guard.stdin?.end();
  };
  /** The number of one that has ended by itself may be that of another process by now. */
  const end = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) endServer(pid);
    await ended;
    remove();
  };
  return {
    ...place,
    pid,
    ended,
    stop: end,
    async pack(use) {
      const data = join(place.folder, 'data');
      try {
        const { code, output } = await as.run('pg_ctl', ['stop', '-w', '-m', 'fast', '-D', data]);
        if (code !== 0) throw new Error(`pg_ctl stop: ${output.trim()}`);
        await ended;
        return await use(filesIn(data));
      } finally {
        await end();
      }
    },
  };
}

/** @returns the process id of the postmaster; when it does not come up in time, it is ended */
async function started(child: ChildProcess, ended: Promise<void>, startMs: number, folder: string): Promise<number> {
  let output = '';
  let timer: NodeJS.Timeout | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      child.stderr?.setEncoding('utf8').on('data', (text: string) => {
        output = (output + text).slice(-4000);
        if (output.includes('database system is ready to accept connections')) resolve();
      });
      ended.then(() => reject(new Error(`the server ended at once: ${output.trim()}`)), reject);
      const late = (): void => reject(new Error(`the server was not ready after ${startMs} ms: ${output.trim()}`));
      timer = setTimeout(late, startMs);
    });
    const pid = postmasterIn(folder);
    if (pid === undefined) throw new Error('a server that runs has written its process id');
    return pid;
  } catch (cause) {
    // Its children notice that it is gone, and go too.
    child.kill('SIGKILL');
    throw cause;
  } finally {
    clearTimeout(timer);
  }
}

/** Below the ports that systems give to connections (Linux from 32768, others from 49152), so that none takes it first. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 32_768);
    if (await isFree(port)) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch (error) {
    // Windows keeps ranges of ports for itself.
    if (error instanceof Error && 'code' in error && ['EADDRINUSE', 'EACCES'].includes(String(error.code)))
      return false;
    throw error;
  }
  server.close();
  await once(server, 'close');
  return true;
}
