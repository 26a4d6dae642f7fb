/** Servers of our own: they start as anybody, are closed to others, and go with us, however we go. */
import { equal, match, ok, rejects } from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isAlive } from '../../server/engine/base/process';
import { plainParameters } from '../../server/engine/database/parameters';
import { openSession } from '../../server/engine/database/postgres';
import { type PrivateServer, startServer } from '../../server/engine/shadow/privateServer';
import { bundled } from '../support/bundled';
import { withFolder } from '../support/files';
import { until } from '../support/killable';
import { binariesOf, servers } from '../support/servers';
import { foldersOf } from './support';

const binaries = binariesOf(servers.newest);

describe('a server of our own', () => {
  it('is gone with its folder when it was stopped', async () => {
    const server = await startServer({ binaries });
    equal(await versionOf(server), servers.newest);
    await server.stop();
    equal(isAlive(server.pid), false);
    equal(existsSync(server.folder), false);
  });

  it('has the superuser that was asked for, and no other', async () => {
    const server = await startServer({ binaries, superuser: 'somebody' });
    const session = await openSession(plainParameters({ ...server, database: 'postgres' }));
    const roles = await session.rows<{ name: string }>(`select rolname as name from pg_roles where rolname !~ '^pg_'`);
    equal(roles.map(({ name }) => name).join(), 'somebody');
    await session.close();
    await server.stop();
  });

  it('lets nobody in without its password, and listens to no network', async () => {
    const server = await startServer({ binaries });
    const parameters = plainParameters({ ...server, password: 'guessed', database: 'postgres' });
    await rejects(openSession(parameters), { code: 'wrong-password' });
    if (process.platform !== 'win32') {
      equal(statSync(server.folder).mode & 0o077, 0);
      match(readFileSync(join(server.folder, 'data/postmaster.pid'), 'utf8').split('\n')[5] ?? '', /^$/);
    }
    await server.stop();
  });

  it('knows nothing of how we reach databases', async function () {
    if (process.platform !== 'linux') return this.skip();
    const variables = { PGPASSWORD: 'topsecret', DATABASE_URL: 'postgres://u:topsecret@h/d' };
    const before = { ...process.env };
    Object.assign(process.env, variables);
    try {
      const server = await startServer({ binaries });
      const known = readFileSync(`/proc/${server.pid}/environ`, 'utf8');
      equal(known.includes('topsecret'), false);
      ok(known.includes(`HOME=${server.folder}\0`), known);
      await server.stop();
    } finally {
      for (const name of Object.keys(variables)) Reflect.deleteProperty(process.env, name);
      Object.assign(process.env, before);
    }
  });

  it('is no root process, even when we are', async function () {
    if (process.platform !== 'linux' || process.getuid?.() !== 0) return this.skip();
    const server = await startServer({ binaries });
    const uid = Number(/^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))?.[1]);
    ok(uid > 0, `the server runs as ${uid}`);
    await server.stop();
  });

  it('is ended when it does not come up in time', async function () {
    if (process.platform !== 'linux') return this.skip();
    const before = postmasters();
    // It runs, and does not say so.
    const silent = startServer({ binaries, settings: { log_min_messages: 'panic' }, startMs: 1000 });
    await rejects(silent, { code: 'no-shadow', message: /not ready after 1000 ms/ });
    await until(async () => (postmasters() === before ? true : undefined));
  });

  it('goes when the process that started it is killed', async () => {
    const { child, pid, folder } = await startInChild();
    ok(isAlive(pid));
    child.kill('SIGKILL');
    await until(async () => (isAlive(pid) || existsSync(folder) ? undefined : true));
  });

  it('leaves nothing when that is killed in the middle of the start', async () => {
    const child = spawn(process.execPath, [bundled(childPath), binaries], {
      stdio: ['pipe', 'ignore', 'inherit'],
    });
    const folder = await until(async () => foldersOf(child.pid)[0]);
    await until(async () => (existsSync(join(folder, 'data')) ? true : undefined));
    child.kill('SIGKILL');
    await until(async () => (existsSync(folder) ? undefined : true));
  });

  it('is ended by the next one when its guard was killed too', async function () {
    if (process.platform !== 'linux') return this.skip();
    const { child, pid, folder } = await startInChild();
    const guards = guardsOf(folder);
    equal(guards.length, 1);
    for (const guard of guards) process.kill(guard, 'SIGKILL');
    child.kill('SIGKILL');
    await once(child, 'exit');
    // It lives on, unless another process of tests has started one just now, and has ended it.
    await until(async () => (isAlive(pid) || !existsSync(folder) ? true : undefined));
    const next = await startServer({ binaries });
    equal(existsSync(folder), false);
    await until(async () => (isAlive(pid) ? undefined : true));
    await next.stop();
  });

  it('does not end a process that has the number of a server of before the last restart', async () => {
    const bystander = spawn(process.execPath, ['-e', 'process.stdin.resume()'], {
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    const first = await startServer({ binaries });
    const leftOver = join(dirname(first.folder), `rehearsal-pg-${await pidOfDead()}-left`);
    // There whole at once: other processes of tests sweep as well.
    const unfinished = join(first.folder, 'left');
    mkdirSync(join(unfinished, 'data'), { recursive: true });
    writeFileSync(join(unfinished, 'data/postmaster.pid'), `${bystander.pid}\n${leftOver}/data\n0\n5432\n`);
    renameSync(unfinished, leftOver);
    const second = await startServer({ binaries });
    equal(existsSync(leftOver), false);
    equal(bystander.exitCode ?? bystander.signalCode, null);
    ok(existsSync(first.folder), 'that of a living process stays');
    bystander.stdin?.end();
    await Promise.all([first.stop(), second.stop()]);
  });

  it('is a fault when the binaries are none, and leaves no folder', async () => {
    await withFolder(async (folder) => {
      const before = foldersOf(process.pid);
      await rejects(startServer({ binaries: folder }), { name: 'Fault', code: 'no-shadow' });
      equal(foldersOf(process.pid).join(), before.join());
    });
  });

  it('is a fault with its own words when a setting is wrong', async () => {
    await rejects(startServer({ binaries, settings: { shared_buffers: 'plenty' } }), (fault: Error) => {
      match(fault.message, /shared_buffers/);
      return true;
    });
  });
});

const childPath = join(__dirname, 'serverChild.ts');

async function startInChild(): Promise<{ child: ChildProcess; pid: number; folder: string }> {
  const child = spawn(process.execPath, [bundled(childPath), binaries], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return { child, ...(JSON.parse(line.toString()) as { pid: number; folder: string }) };
}

async function pidOfDead(): Promise<number> {
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'exit');
  return child.pid ?? 0;
}

/** Processes of Node that were started with the folder as an argument; those of the server come and go. */
const guardsOf = (folder: string): number[] =>
  readdirSync('/proc')
    .filter((pid) => {
      const [program, ...words] = commandLineOf(pid).split('\0');
      return program === process.execPath && words.includes(folder);
    })
    .map(Number);

async function versionOf(server: PrivateServer): Promise<number> {
  const session = await openSession(plainParameters({ ...server, database: 'postgres' }));
  const { versionNumber } = session.server;
  await session.close();
  return Math.floor(versionNumber / 10_000);
}

/** How many servers run in folders of this process. Each has several processes, which come and go. */
function postmasters(): number {
  const lines = readdirSync('/proc').map((name) => commandLineOf(name));
  const folderOf = new RegExp(`\\0-D\\0\\S*(rehearsal-pg-${process.pid}-\\w+)`);
  return new Set(lines.flatMap((it) => folderOf.exec(it)?.[1] ?? [])).size;
}

function commandLineOf(process: string): string {
  const file = join('/proc', process, 'cmdline');
  try {
    return /^\d+$/.test(process) ? readFileSync(file, 'utf8') : '';
  } catch (error) {
    // It has just ended.
    if (error instanceof Error && 'code' in error) return '';
    throw error;
  }
}
