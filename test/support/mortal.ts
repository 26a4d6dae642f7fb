/** A Postgres server that a test kills and starts again: what was committed is on its disk, as where people keep data. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { startServer } from '../../server/engine/shadow/privateServer';
import { asAdmin, binariesOf, type Major, testServer, type TestServer } from './servers';

export interface MortalServer extends TestServer {
  /** With its data in `data`. */
  readonly folder: string;
  /**
   * - `SIGKILL`: the postmaster is gone at once, its sessions as soon as they notice
   * - `SIGQUIT`: Postgres's immediate shutdown, which ends the sessions first
   */
  die(signal: 'SIGKILL' | 'SIGQUIT'): Promise<void>;
  /** Starts it in the same folder, at the same port; Postgres recovers from its log. */
  revive(): Promise<void>;
  /** A new empty database. @returns its connection string */
  create(): Promise<string>;
  stop(): Promise<void>;
}

export async function startMortal(major: Major): Promise<MortalServer> {
  const binaries = binariesOf(major);
  const settings = { synchronous_commit: 'on', full_page_writes: 'on' };
  const first = await startServer({ binaries, tcp: true, settings });
  const { folder } = first;
  let running: { readonly pid: number; readonly ended: Promise<unknown> } | undefined = first;
  let made = 0;
  const server: MortalServer = {
    ...testServer(major, first),
    folder,
    async die(signal) {
      if (!running) return;
      process.kill(running.pid, signal);
      await running.ended;
      running = undefined;
    },
    async revive() {
      running ??= await started(binaries, folder);
    },
    async create() {
      await asAdmin(server, `create database mortal_${++made}`);
      return server.url(`mortal_${made}`);
    },
    async stop() {
      await server.die('SIGQUIT');
      await first.stop();
    },
  };
  return server;
}

/** Until the last session of a killed postmaster has gone, Postgres refuses to start beside it; then it is tried again. */
async function started(binaries: string, folder: string): Promise<{ pid: number; ended: Promise<unknown> }> {
  for (;;) {
    const child = spawnPostgres(binaries, folder);
    const ended = once(child, 'exit');
    const output = await readyOrEnded(child);
    if (child.pid !== undefined && /ready to accept connections/.test(output)) return { pid: child.pid, ended };
    if (!/still in use|already exists/.test(output)) throw new Error(`the server did not start again: ${output}`);
  }
}

/** As the user who owns the folder: Postgres refuses to run as root, who has a user namespace where nobody else can. */
function spawnPostgres(binaries: string, folder: string): ChildProcess {
  const data = join(folder, 'data');
  const { uid, gid } = statSync(data);
  const command = [join(binaries, 'postgres'), '-D', data, '-k', folder];
  const words = process.getuid?.() === 0 && uid === 0 ? ['unshare', '--user', '--map-user=1000', ...command] : command;
  const [program = '', ...args] = words;
  const as = process.getuid?.() === 0 ? { uid, gid } : {};
  return spawn(program, args, { ...as, cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
}

/** @returns what it has written until then */
async function readyOrEnded(child: ChildProcess): Promise<string> {
  let output = '';
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', () => resolve(output));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      if (/ready to accept connections/.test(output)) resolve(output);
    });
  });
}
