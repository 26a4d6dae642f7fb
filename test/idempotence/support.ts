/** Databases whose whole content is compared. */
import { Client } from 'pg';
import type { Database } from '../../server/engine/database/database';
import { plainParameters } from '../../server/engine/database/parameters';
import { serverDatabase } from '../../server/engine/database/serverDatabase';
import type { Cut } from '../../server/engine/idempotence/rewrite';
import { assets } from '../support/places';
import { type Major, serverOf, withDatabase } from '../support/servers';
import { wholeDump } from '../support/wholeDump';

export interface Opened {
  readonly client: Client;
  readonly database: Database;
}

/** Two new databases of one server. */
export async function onDatabases(major: Major, use: (first: Opened, second: Opened) => Promise<void>): Promise<void> {
  await withDatabase(major, (one) =>
    withDatabase(major, (two) => opened(major, one, (first) => opened(major, two, (second) => use(first, second)))),
  );
}

async function opened(major: Major, url: string, use: (it: Opened) => Promise<void>): Promise<void> {
  const { host, port, user, password } = await serverOf(major);
  const name = new URL(url).pathname.slice(1);
  const client = new Client(url);
  await client.connect();
  try {
    await use({
      client,
      database: serverDatabase(plainParameters({ host, port, user, password, database: name }), assets),
    });
  } finally {
    await client.end();
  }
}

/** Schema and rows as lines; without where sequences stand, which go on for what is not inserted either. */
export async function contentOf(database: Database): Promise<readonly string[]> {
  const dump = await wholeDump(database);
  return dump.split('\n').filter((line) => !/^(?:SELECT pg_catalog\.setval|\\(?:un)?restrict)/.test(line));
}

/** The whole file is one script. */
export const cutWhole: Cut = (text) => [
  { direction: 'up', range: { start: 0, end: text.length }, mode: 'transaction' },
];
