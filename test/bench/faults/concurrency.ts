/** An application that writes all the time while a target is copied, changed and put back: what it notices, and what it loses. */
import { setTimeout as delay } from 'node:timers/promises';
import { Client, DatabaseError } from 'pg';
import { applyMigrations, revertMigrations } from '../../../server/engine/apply/apply';
import { quoteIdentifier } from '../../../server/engine/database/quote';
import { restoreSnapshot, takeSnapshot } from '../../../server/engine/snapshots/snapshots';
import { jobOn } from '../../apply/support';
import { startMortal, type MortalServer } from '../../support/mortal';
import type { Major } from '../../support/servers';
import { aroundOf, newDisk, rowsOf, targetAt } from './place';

export interface Noticed {
  readonly operation: string;
  /** Writes that were committed while it ran, and a little before and after. */
  readonly writes: number;
  readonly longestWaitMs: number;
  /** Sessions that were ended, as the user has agreed to. */
  readonly ended: number;
  readonly violations: readonly string[];
}

/** A lock is waited for so long at most, and those inside a database have five seconds to go. */
const longestMs = 15_000;

const migrations = `--- 1_a.sql
-- migrate:up
create table extra (id int);
alter table writes add column note text default 'x';
alter table writes add constraint sane check (n >= 0);
-- migrate:down
alter table writes drop constraint sane, drop column note;
drop table extra;
`;

const order = { version: undefined, disconnect: true } as const;

/** @param writers sessions of the application */
export async function measureConcurrency(major: Major, writers: number): Promise<readonly Noticed[]> {
  const server = await startMortal(major);
  const storage = newDisk(2_000);
  try {
    const url = await server.create();
    const database = new URL(url).pathname.slice(1);
    await rowsOf(server, database, 'create table writes (writer int, n int, primary key (writer, n))');
    const { host, port, user, password } = server;
    const target = targetAt({ host, port, user, password, database });
    const around = aroundOf(storage.folder);
    const job = jobOn(target.database, storage.folder, 'dbmate', migrations);
    let id = '';
    const works: readonly (readonly [string, () => Promise<unknown>])[] = [
      ['apply', () => applyMigrations(job, ['1'])],
      ['revert', () => revertMigrations(job, ['1'])],
      [
        'snapshot',
        async () => {
          const result = await takeSnapshot(target, { ...order, reason: 'beside writers' }, around);
          if (result.kind === 'taken') id = result.snapshot.id;
        },
      ],
      ['restore', () => restoreSnapshot(target, id, order, around)],
    ];
    const application = new Application(server, url, writers);
    const noticed: Noticed[] = [];
    for (const [operation, work] of works) noticed.push(await application.during(operation, work, database));
    return noticed;
  } finally {
    await server.stop();
    storage.end();
  }
}

/** A class because it remembers what was committed from one operation to the next. */
class Application {
  private readonly committed = new Set<string>();

  constructor(
    private readonly server: MortalServer,
    private readonly url: string,
    private readonly writers: number,
  ) {}

  async during(operation: string, work: () => Promise<unknown>, database: string): Promise<Noticed> {
    const stop = new AbortController();
    const seen = { longestWaitMs: 0, ended: 0, codes: new Set<string>() };
    const before = this.committed.size;
    const writing = Promise.all(Array.from({ length: this.writers }, (_, it) => this.write(it, seen, stop.signal)));
    await this.haveWritten(before);
    let result: unknown;
    try {
      result = await work();
      await this.haveWritten(this.committed.size);
    } finally {
      stop.abort();
      await writing;
    }
    const { longestWaitMs, ended, codes } = seen;
    const kept = keptOf(result);
    const violations = await this.lostFrom([database, ...(kept === undefined ? [] : [kept])]);
    if (codes.has('40P01')) violations.push('there was a deadlock');
    const strange = [...codes].filter((it) => !announced.has(it) && it !== '40P01');
    if (strange.length > 0) violations.push(`the application has met ${strange.join(', ')}`);
    if (longestWaitMs > longestMs) violations.push(`a write has waited for ${Math.round(longestWaitMs)} ms`);
    return { operation, writes: this.committed.size - before, longestWaitMs, ended, violations };
  }

  /** Some more than there were. */
  private async haveWritten(before: number): Promise<void> {
    while (this.committed.size < before + 20 * this.writers) await delay(5);
  }

  private async write(
    writer: number,
    seen: { longestWaitMs: number; ended: number; readonly codes: Set<string> },
    signal: AbortSignal,
  ): Promise<void> {
    let client: Client | undefined;
    for (let n = 1; !signal.aborted; ) {
      const began = performance.now();
      try {
        client ??= await connected(this.url);
        while (this.committed.has(`${writer} ${n}`)) n++;
        await client.query('insert into writes (writer, n) values ($1, $2) on conflict do nothing', [writer, n]);
        this.committed.add(`${writer} ${n}`);
      } catch (cause) {
        if (!(cause instanceof Error)) throw cause;
        if (client) seen.ended++;
        if (cause instanceof DatabaseError && cause.code !== undefined) seen.codes.add(cause.code);
        await client?.end();
        client = undefined;
      }
      seen.longestWaitMs = Math.max(seen.longestWaitMs, performance.now() - began);
    }
    await client?.end();
  }

  /** What was said to be committed, and is in none of these. */
  private async lostFrom(databases: readonly string[]): Promise<string[]> {
    const there = new Set<string>();
    for (const database of databases) {
      const open = `alter database ${quoteIdentifier(database)} allow_connections`;
      await rowsOf(this.server, 'postgres', `${open} true`);
      const rows = await rowsOf<{ key: string }>(this.server, database, `select writer || ' ' || n as key from writes`);
      for (const { key } of rows) there.add(key);
    }
    const lost = [...this.committed].filter((it) => !there.has(it));
    return lost.length === 0 ? [] : [`${lost.length} committed writes are lost`];
  }
}

/** The snapshot that a restore has made of what it replaced. */
const keptOf = (result: unknown): string | undefined =>
  typeof result === 'object' && result !== null && 'kept' in result
    ? (result.kept as { readonly id: string }).id
    : undefined;

/** The session is ended, or finds the database shut while it is renamed: the user has agreed to that. */
const announced: ReadonlySet<string> = new Set(['57P01', '3D000', '55000', '08P01']);

async function connected(url: string): Promise<Client> {
  const client = new Client(url);
  client.on('error', () => {});
  await client.connect();
  return client;
}
