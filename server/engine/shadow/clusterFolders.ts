/** Folders of servers of ours: where they are made, and how they go when whoever made them has ended. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statfsSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unlessMissing } from '../base/durable';
import { Fault } from '../base/fault';
import { isAlive } from '../base/process';
import { systemCode } from '../base/systemError';
import { nobody, windows } from './serverPrograms';

const prefix = 'rehearsal-pg-';

/** Memory where the system has it and it is large enough, else the temporary folder. */
export function placeForClusters(): string {
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

/** A new one, that bears the number of our process. */
export function clusterFolder(home: string): string {
  try {
    return mkdtempSync(join(home, `${prefix}${process.pid}-`));
  } catch (cause) {
    throw clusterFault(home, `no folder could be made in ${home}`, cause);
  }
}

/** By the words of Node, of initdb or of the server, which tell more than is needed when there is no room. */
export function clusterFault(home: string, what: string, cause: unknown): Fault {
  const words = wordsOf(cause);
  const full = /^.*No space left on device.*$/im.exec(words)?.[0].replace(/^.*(?:FATAL|PANIC): +/, '');
  return full === undefined
    ? new Fault('no-shadow', `${what} (${words}).`, cause)
    : new Fault('disk-full', `${full} (private PostgreSQL in ${home}).`, cause);
}

const wordsOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));

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

export function guardOver(folder: string): ChildProcess {
  const guard = spawn(process.execPath, ['-e', guardSource, folder], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    env: { ...process.env, ELECTRON_RUN_AS_NODE: '1', NODE_OPTIONS: '' },
  });
  guard.unref();
  if (guard.stdin && 'unref' in guard.stdin && typeof guard.stdin.unref === 'function') guard.stdin.unref();
  return guard;
}

/** Removes what processes of ours left behind that ended without their guard. */
export async function sweep(home: string): Promise<void> {
  for (const name of readdirSync(home)) {
    const owner = Number(name.startsWith(prefix) ? name.slice(prefix.length).split('-')[0] : Number.NaN);
    const folder = join(home, name);
    if (!Number.isInteger(owner) || isAlive(owner) || !isMine(folder)) continue;
    const pid = postmasterIn(folder);
    // After a restart of the machine the number may belong to anybody: only what answers in the folder is the server.
    if (pid !== undefined && (await answers(folder))) endServer(pid);
    rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  }
}

/** Others of this machine may have folders of the same kind beside ours. */
function isMine(folder: string): boolean {
  const owner = statSync(folder, { throwIfNoEntry: false })?.uid;
  const me = process.getuid?.();
  return owner !== undefined && (me === undefined || owner === me || (me === 0 && owner === nobody));
}

export function postmasterIn(folder: string): number | undefined {
  return Number(postmasterFile(folder)[0]) || undefined;
}

/** Lines: process id, data directory, start time, port, folder of the socket… (PostgreSQL source, pidfile.h). */
const postmasterFile = (folder: string): readonly string[] =>
  unlessMissing(() => readFileSync(join(folder, 'data', 'postmaster.pid'), 'utf8').split('\n')) ?? [];

async function answers(folder: string): Promise<boolean> {
  const port = Number(postmasterFile(folder)[3]);
  const socket = windows ? connect(port, '127.0.0.1') : connect(join(folder, `.s.PGSQL.${port}`));
  try {
    await once(socket, 'connect');
    return true;
  } catch (error) {
    if (systemCode(error) !== undefined) return false;
    throw error;
  } finally {
    socket.destroy();
  }
}

/** At once, with all its sessions; one that has ended meanwhile is no matter. */
export function endServer(pid: number): void {
  try {
    process.kill(pid, 'SIGQUIT');
  } catch (error) {
    if (systemCode(error) !== 'ESRCH') throw error;
  }
}
