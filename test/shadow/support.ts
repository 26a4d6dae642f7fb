/** Places for shadows and what stands in them, for tests of the places. */
import { deepEqual } from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { plainParameters } from '../../server/engine/database/parameters';
import { serverDatabase } from '../../server/engine/database/serverDatabase';
import type { Session } from '../../server/engine/database/session';
import { type Base, liveBase } from '../../server/engine/shadow/base';
import type { ShadowPlace } from '../../server/engine/shadow/place';
import { startServer } from '../../server/engine/shadow/privateServer';
import { serverPlace } from '../../server/engine/shadow/serverPlace';
import { readSetUp } from '../../server/engine/shadow/setUp';
import { assets } from '../support/places';
import { asAdmin, binariesOf, type Major, serverOf, type TestServer } from '../support/servers';

export const never = new AbortController().signal;

export interface LoggedPlace {
  readonly place: ShadowPlace;
  readonly log: string[];
}

/** On a server of its own, which ends with the place. */
export async function privatePlace(major: Major): Promise<LoggedPlace> {
  const server = await startServer({ binaries: binariesOf(major), superuser: 'ours' });
  const log: string[] = [];
  const place = await serverPlace({
    kind: 'private',
    label: 'private',
    database: (name) => serverDatabase(plainParameters({ ...server, database: name }), assets),
    home: 'postgres',
    end: () => server.stop(),
    likeTarget: '',
    log: (line) => log.push(line),
  });
  return { place, log };
}

/** On the test server, as one of its roles. */
export async function sharedPlace(major: Major, user: string): Promise<LoggedPlace> {
  const { host, port, password } = await serverOf(major);
  const log: string[] = [];
  const place = await serverPlace({
    kind: 'same-server',
    label: 'test server',
    database: (name) => serverDatabase(plainParameters({ host, port, user, password, database: name }), assets),
    home: 'postgres',
    end: () => Promise.resolve(),
    likeTarget: '',
    log: (line) => log.push(line),
  });
  return { place, log };
}

/** Roles, with the password of the superuser; by themselves they can log in. Gone when `use` is done, with all that they own. */
export async function withRoles<T>(
  major: Major,
  roles: Readonly<Record<string, string>>,
  use: (server: TestServer) => Promise<T>,
): Promise<T> {
  const server = await serverOf(major);
  try {
    for (const [name, rights] of Object.entries(roles))
      await asAdmin(server, `create role ${name} password '${server.password}' ${rights || 'login'}`);
    return await use(server);
  } finally {
    for (const name of Object.keys(roles)) {
      await asAdmin(server, `drop owned by ${name} cascade`);
      await asAdmin(server, `drop role if exists ${name}`);
    }
  }
}

/** The live schema of a database as one of its roles sees it. */
export async function baseOf(url: string, user: string): Promise<Base> {
  const { hostname: host, port, password, pathname } = new URL(url);
  const place = { host, port: Number(port), user, password, database: pathname.slice(1) };
  const database = serverDatabase(plainParameters(place), assets);
  const superuser = serverDatabase(plainParameters({ ...place, user: 'postgres' }), assets);
  const session = await database.open('read');
  const setUp = await readSetUp(session);
  await session.close();
  return liveBase(superuser, setUp, never);
}

/** Runs statements that must not be refused. */
export async function demand(session: Session, ...statements: readonly string[]): Promise<void> {
  for (const statement of statements) {
    const answer = await session.run(statement);
    deepEqual(answer.kind === 'refused' ? answer.refusal.message : undefined, undefined, statement);
  }
}

/** SQLSTATE of the refusal; undefined when it was done. */
export async function refusalOf(session: Session, sql: string): Promise<string | undefined> {
  const answer = await session.run(sql);
  return answer.kind === 'refused' ? answer.refusal.sqlState : undefined;
}

/** The first column of the first row. */
export async function valueOf(session: Session, sql: string): Promise<unknown> {
  const [row] = await session.rows<Record<string, unknown>>(sql);
  return row && Object.values(row)[0];
}

/** Names of the shadows on a server, also of other processes and machines. */
export async function shadowsOn(session: Session): Promise<string[]> {
  const rows = await session.rows<{ name: string }>(
    `select datname as name from pg_database where datname like 'rehearsal\\_shadow\\_%' order by 1`,
  );
  return rows.map(({ name }) => name);
}

/** Of the servers that a process has started. */
export function foldersOf(pid: number | undefined): string[] {
  return ['/dev/shm', process.env['TMPDIR'] ?? '/tmp']
    .filter((home) => existsSync(home))
    .flatMap((home) => readdirSync(home).map((name) => join(home, name)))
    .filter((path) => path.includes(`/rehearsal-pg-${pid}-`));
}
