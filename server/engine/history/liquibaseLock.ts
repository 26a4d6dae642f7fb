/**
 * Liquibase's lock: a row that says who is at work, committed, so that it outlives who has died.
 *
 * Facts from liquibase/liquibase (2026-08): lockservice/StandardLockService.java,
 * sqlgenerator/core/LockDatabaseChangeLogGenerator.java, UnlockDatabaseChangeLogGenerator.java.
 */
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { Fault } from '../base/fault';
import type { Session } from '../database/session';
import { withAdvisoryLocks } from './advisoryLock';
import { ownLockId } from './ownLock';
import { hasTable, inTransaction, labelOf, quoted, type Shape, type TableName } from './table';

/**
 * Under an advisory lock of our own as well: when we get that one, a row that bears our name is left over from a process
 * of ours that is gone.
 *
 * @throws {Fault} `locked` when somebody else has it for longer than `waitMs`
 */
export function withLiquibaseLock<T>(
  session: Session,
  table: TableName,
  waitMs: number,
  use: () => Promise<T>,
): Promise<T> {
  return withAdvisoryLocks(session, [ownLockId('liquibase', labelOf(table))], waitMs, async () => {
    if (!(await hasTable(session, table, shape))) await makeTable(session, table);
    await take(session, table, waitMs);
    try {
      return await use();
    } finally {
      await release(session, table);
    }
  });
}

const shape: Shape = {
  tool: 'Liquibase',
  columns: { id: 'integer', locked: 'boolean', lockgranted: 'timestamp without time zone' },
  elsewhere: 'Name another table with databaseChangelogLockTableName.',
};

/** Who has it, for people. */
const ourName = `${hostname()} (Rehearsal)`;

/** How often it is asked again, in milliseconds. */
const pauseMs = 100;

async function makeTable(session: Session, table: TableName): Promise<void> {
  await inTransaction(session, async () => {
    await session.rows(
      `create table ${quoted(table)} (
        id integer not null,
        locked boolean not null,
        lockgranted timestamp without time zone,
        lockedby varchar(255),
        primary key (id)
      )`,
    );
    await session.rows(`insert into ${quoted(table)} (id, locked) values (1, false)`);
  });
}

async function take(session: Session, table: TableName, waitMs: number): Promise<void> {
  const until = performance.now() + waitMs;
  await session.rows(`insert into ${quoted(table)} (id, locked) values (1, false) on conflict do nothing`);
  for (;;) {
    const [row] = await session.rows(
      `update ${quoted(table)} set locked = true, lockgranted = now(), lockedby = $1
        where id = 1 and (not locked or lockedby = $1) returning id`,
      [ourName],
    );
    if (row) return;
    if (performance.now() >= until) throw new Fault('locked', await whoHas(session, table, waitMs));
    await delay(pauseMs);
  }
}

async function whoHas(session: Session, table: TableName, waitMs: number): Promise<string> {
  const [row] = await session.rows<{ who: string | null; since: string | null }>(
    `select lockedby as who, lockgranted::text as since from ${quoted(table)} where id = 1`,
  );
  return `${row?.who ?? 'Somebody'} has held the lock of Liquibase since ${row?.since ?? 'long ago'}, and for ${waitMs} ms and more. When nobody is at work, liquibase release-locks takes it away.`;
}

async function release(session: Session, table: TableName): Promise<void> {
  if (session.lost) return;
  if (session.transaction !== 'idle') await session.run('rollback');
  await session.run(`update ${quoted(table)} set locked = false, lockgranted = null, lockedby = null where id = 1`);
}
