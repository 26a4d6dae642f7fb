/**
 * A Postgres server of our own: a fresh cluster in a folder of ours, durability off, gone when we are gone.
 *
 * Only we can log in: a Unix socket in a folder that is closed to others (a loopback port on Windows), and a random
 * password. A guard process notices our end, however it came, stops the server and removes its folder.
 */
import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  appendFileSync,
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Fault } from '../base/fault';
import { isAlive } from '../base/process';
import type { TarEntry } from '../database/tar';
import { filesIn, unpackFolder } from './clusterFiles';

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

export interface ServerOptions {
  /** Folder with `postgres` and `initdb`. */
  readonly binaries: string;
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
  /** Environment for initdb and postgres, for example where its libraries are. */
  readonly environment?: Readonly<Record<string, string>>;
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

const prefix = 'rehearsal-pg-';
const windows = process.platform === 'win32';

const usualStartMs = 30_000;

/** @throws {Fault} `no-shadow` when the binaries cannot make or start a cluster; `disk-full` */
export async function startServer(options: ServerOptions): Promise<PrivateServer> {
  const home = placeForClusters();
  await sweep(home);
  const folder = folderIn(home);
  const guard = guardOver(folder);
  const tcp = options.tcp === true || windows;
  const { superuser: user = 'postgres', image } = options;
  const login = { user, password: image?.password ?? randomBytes(18).toString('base64url') };
  try {
    const as = unprivileged(options, folder);
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
    throw failure(home, `${options.binaries} could not start a server`, cause);
  }
}

function folderIn(home: string): string {
  try {
    return mkdtempSync(join(home, `${prefix}${process.pid}-`));
  } catch (cause) {
    throw failure(home, `no folder could be made in ${home}`, cause);
  }
}

/** By the words of Node, of initdb or of the server, which tell more than is needed when there is no room. */
function failure(home: string, what: string, cause: unknown): Fault {
  const words = wordsOf(cause);
  const full = /^.*No space left on device.*$/im.exec(words)?.[0].replace(/^.*(?:FATAL|PANIC): +/, '');
  return full === undefined
    ? new Fault('no-shadow', `${what} (${words}).`, cause)
    : new Fault('disk-full', `${full} (private PostgreSQL in ${home}).`, cause);
}

async function initialise(folder: string, login: Pick<PrivateServer, 'user' | 'password'>, as: Runner): Promise<void> {
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
  readonly as: Runner;
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
  return {
    ...place,
    pid,
    ended,
    async stop() {
      kill(pid, 'SIGQUIT');
      await ended;
      remove();
    },
    async pack(use) {
      const data = join(place.folder, 'data');
      try {
        const { code, output } = await as.run('pg_ctl', ['stop', '-w', '-m', 'fast', '-D', data]);
        if (code !== 0) throw new Error(`pg_ctl stop: ${output.trim()}`);
        await ended;
        return await use(filesIn(data));
      } finally {
        if (child.exitCode === null && child.signalCode === null) kill(pid, 'SIGQUIT');
        await ended;
        remove();
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

/**
 * Waits for the end of its standard input, which comes when our process ends, by whatever cause; then it stops what
 * runs in the folder and removes it. In a session of its own, so that Ctrl-C in a terminal does not end it first.
 * What fails is tried again until the folder is gone: there is nobody left to tell.
 */
const guardSource = `
const folder = process.argv[1];
const fs = require('fs');
process.stdin.resume();
process.stdin.on('error', end);
process.stdin.on('end', end);
let tries = 0;
function end() {
  if (!fs.existsSync(folder)) process.exit(0);
  try { process.kill(Number(fs.readFileSync(folder + '/data/postmaster.pid', 'utf8').split('\\n')[0]), 'SIGQUIT'); } catch {}
  try { fs.rmSync(folder, { recursive: true, force: true }); } catch {}
  // What initdb was about to write, or a server that takes its time, needs another try.
  if (++tries < 50) setTimeout(end, 100);
}`;

function guardOver(folder: string): ChildProcess {
  const guard = spawn(process.execPath, ['-e', guardSource, folder], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    env: { ...process.env, ELECTRON_RUN_AS_NODE: '1', NODE_OPTIONS: '' },
  });
  guard.unref();
  if (guard.stdin && 'unref' in guard.stdin && typeof guard.stdin.unref === 'function') guard.stdin.unref();
  return guard;
}

/** Runs the server's programs, as an unprivileged user when we are root (which Postgres refuses). */
interface Runner {
  run(program: string, args: readonly string[]): Promise<{ code: number | null; output: string }>;
  spawn(program: string, args: readonly string[]): ChildProcess;
  /** Hands a file over to the user that the programs run as. */
  own(path: string): void;
}

const nobody = 65534;

/**
 * What programs need to run and to find their libraries. Nothing that tells how to reach a database: dblink and
 * postgres_fdw take what they are not told from PGHOST, PGPASSWORD and files in the home folder.
 */
const harmless = (variables: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(
    Object.entries(variables).filter(([name]) =>
      /^(?:PATH|LANG|LANGUAGE|LC_\w+|LD_\w+|DYLD_\w+|NIX_\w+|LOCALE_ARCHIVE|LOCPATH|ICU_DATA|TMPDIR|TEMP|TMP|TZDIR|SYSTEMROOT|SYSTEMDRIVE|WINDIR|COMSPEC|PATHEXT)$/i.test(
        name,
      ),
    ),
  );

function unprivileged({ binaries, environment }: ServerOptions, folder: string): Runner {
  const env = { ...harmless(process.env), HOME: folder, ...environment, LC_MESSAGES: 'C', TZ: 'UTC' };
  const path = (program: string) => join(binaries, windows ? `${program}.exe` : program);
  const root = process.getuid?.() === 0;
  // Where nobody may not enter the folder of the binaries, a user namespace gives root another number instead.
  const drops = root && spawnSync(path('postgres'), ['--version'], { uid: nobody, gid: nobody, env }).status === 0;
  const options = { env, cwd: folder, ...(drops ? { uid: nobody, gid: nobody } : {}) };
  const commandOf = (program: string, args: readonly string[]): [string, string[]] =>
    root && !drops ? ['unshare', ['--user', '--map-user=1000', path(program), ...args]] : [path(program), [...args]];
  const own = (file: string): void => (drops ? chownSync(file, nobody, nobody) : undefined);
  if (!windows) chmodSync(folder, 0o700);
  own(folder);
  return {
    own,
    async run(program, args) {
      try {
        const { stdout, stderr } = await promisify(execFile)(...commandOf(program, args), options);
        return { code: 0, output: stdout + stderr };
      } catch (error) {
        if (!(error instanceof Error) || !('stderr' in error)) throw error;
        return { code: 1, output: String(error.stderr) || error.message };
      }
    },
    spawn: (program, args) => spawn(...commandOf(program, args), { ...options, stdio: ['ignore', 'ignore', 'pipe'] }),
  };
}

/** Memory where the system has it and it is large enough, else the temporary folder. */
function placeForClusters(): string {
  if (existsSync('/dev/shm')) {
    const { bavail, bsize } = statfsSync('/dev/shm');
    if (bavail * bsize > 1_000_000_000) return '/dev/shm';
  }
  // The path of a Unix socket has room for some hundred bytes.
  const home = windows || tmpdir().length < 60 ? tmpdir() : '/tmp';
  mkdirSync(home, { recursive: true });
  return home;
}

/** Bytes that are free where servers of ours have their folders. */
export function roomForClusters(): number {
  const { bavail, bsize } = statfsSync(placeForClusters());
  return bavail * bsize;
}

/** Removes what processes of ours left behind that ended without their guard. */
async function sweep(home: string): Promise<void> {
  for (const name of readdirSync(home)) {
    const owner = Number(name.startsWith(prefix) ? name.slice(prefix.length).split('-')[0] : Number.NaN);
    const folder = join(home, name);
    if (!Number.isInteger(owner) || isAlive(owner) || !isMine(folder)) continue;
    const pid = postmasterIn(folder);
    // After a restart of the machine the number may belong to anybody: only what answers in the folder is the server.
    if (pid !== undefined && (await answers(folder))) kill(pid, 'SIGQUIT');
    rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  }
}

/** Others of this machine may have folders of the same kind beside ours. */
function isMine(folder: string): boolean {
  const owner = statSync(folder, { throwIfNoEntry: false })?.uid;
  const me = process.getuid?.();
  return owner !== undefined && (me === undefined || owner === me || (me === 0 && owner === nobody));
}

function postmasterIn(folder: string): number | undefined {
  return Number(postmasterFile(folder)[0]) || undefined;
}

/** Lines: process id, data directory, start time, port, folder of the socket… (PostgreSQL source, pidfile.h). */
function postmasterFile(folder: string): string[] {
  const file = join(folder, 'data', 'postmaster.pid');
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [];
}

async function answers(folder: string): Promise<boolean> {
  const port = Number(postmasterFile(folder)[3]);
  const socket = windows ? connect(port, '127.0.0.1') : connect(join(folder, `.s.PGSQL.${port}`));
  try {
    await once(socket, 'connect');
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error) return false;
    throw error;
  } finally {
    socket.destroy();
  }
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  return address.port;
}

const wordsOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));
