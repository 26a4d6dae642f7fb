/** Targets for the tests of this room: databases on the test servers, with the rooms' real sessions. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { plainParameters, withDatabase as parametersOf } from '../../server/engine/database/parameters';
import { serverDatabase } from '../../server/engine/database/serverDatabase';
import { quoteIdentifier } from '../../server/engine/database/quote';
import { snapshotPrefix, trialPrefix } from '../../server/engine/snapshots/names';
import type { ServerTarget, Surroundings } from '../../server/engine/snapshots/target';
import { type Major, asAdmin, serverOf } from '../support/servers';

export const assets = join(__dirname, '../../dist');

export interface Place {
  readonly target: ServerTarget;
  readonly around: Surroundings;
  readonly logged: string[];
  /** Runs statements in the target (or another database) on a connection of their own. */
  readonly sql: <Row extends object>(text: string, database?: string) => Promise<readonly Row[]>;
  /** A connection to the target that stays until the test ends. */
  readonly connect: (application?: string, database?: string) => Promise<Client>;
  /** The same place for another role. */
  readonly as: (user: string, password: string, host?: string) => ServerTarget;
  readonly names: () => Promise<readonly string[]>;
}

let made = 0;

/** A database of its own with a storage folder of its own; everything is gone afterwards, snapshots too. */
export async function withPlace(
  major: Major,
  use: (place: Place) => Promise<void>,
  name = `place_${process.pid}_${++made}`,
): Promise<void> {
  const server = await serverOf(major);
  const storage = mkdtempSync(join(tmpdir(), 'rehearsal-test-'));
  const clients: Client[] = [];
  const logged: string[] = [];
  const connect = async (application = 'mocha', database = name): Promise<Client> => {
    const client = new Client({ ...server, database, application_name: application });
    client.on('error', () => {});
    await client.connect();
    clients.push(client);
    return client;
  };
  const sql = async <Row extends object>(text: string, database = name): Promise<readonly Row[]> => {
    const client = new Client({ ...server, database });
    await client.connect();
    try {
      const result = await client.query<Row>(text);
      return Array.isArray(result) ? [] : result.rows;
    } finally {
      await client.end();
    }
  };
  const names = async (): Promise<readonly string[]> => {
    const rows = await sql<{ datname: string }>(`select datname from pg_database order by oid`, 'postgres');
    return rows.map(({ datname }) => datname);
  };
  const targetFor = (user: string, password: string, host = server.host): ServerTarget => {
    const parameters = plainParameters({ host, port: server.port, user, password, database: name });
    return {
      kind: 'server',
      database: serverDatabase(parameters, assets),
      sibling: (other) => serverDatabase(parametersOf(parameters, other), assets),
    };
  };
  await asAdmin(server, `create database ${quoteIdentifier(name)}`);
  const before = new Set(await names());
  try {
    await use({
      target: targetFor(server.user, server.password),
      around: {
        storage,
        now: () => new Date(),
        log: (line) => logged.push(line),
        signal: new AbortController().signal,
      },
      logged,
      sql,
      connect,
      as: targetFor,
      names,
    });
  } finally {
    await Promise.all(clients.map((client) => client.end()));
    rmSync(storage, { recursive: true, force: true });
    for (const left of await names()) {
      const isOurs = left.startsWith(snapshotPrefix) || left.startsWith(trialPrefix);
      if (left !== name && (before.has(left) || !isOurs)) continue;
      await asAdmin(server, `drop database if exists ${quoteIdentifier(left)} with (force)`);
    }
  }
}

/** With a table `item` of one row. */
export async function withFilled(major: Major, use: (place: Place) => Promise<void>) {
  await withPlace(major, async (place) => {
    await place.sql('create table item (id int); insert into item values (1)');
    await use(place);
  });
}

/** A session in another database, which is in nobody's way. */
export const beside = (place: Place): Promise<Client> => place.connect('holder', 'template1');

/** @returns the session that waits for the holder */
export async function isWaitingFor({ sql }: Place, holder: Client): Promise<number | undefined> {
  const { rows } = await holder.query<{ pid: number }>('select pg_backend_pid() as pid');
  const [waiting] = await sql<{ pid: number }>(
    `select pid from pg_stat_activity where ${rows[0]?.pid} = any (pg_blocking_pids(pid))`,
    'postgres',
  );
  return waiting?.pid;
}
