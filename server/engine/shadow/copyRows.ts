/** Copies the rows of a target to a shadow that has its schema up to, and without, constraints, indexes and triggers. */
import type { Database } from '../database/database';
import { givingUp } from '../database/givingUp';
import { whileWanted } from '../database/onSession';
import { demand, plainText, rowsFault } from '../database/plainText';
import { quoteLiteral } from '../database/quote';
import type { Session } from '../database/session';
import { type RowTable, tablesWithRows } from './rowsOfTarget';

/** Others wait for a lock as long as we do; a reader only waits for who alters the table. */
const lockMs = 2_000;

/**
 * Reads in one transaction, which sees the target as it is at one moment; it may only read.
 *
 * Large objects stay where they are, and so do the rows of foreign tables.
 *
 * @param shadow whose settings are changed
 * @returns materialized views that are filled there, as they are written in SQL
 * @throws {Fault} `refused`, `no-right`, `disk-full`, `busy` (a lock of somebody else) when it cannot be done, without any value of a row
 * @throws the reason of the signal
 */
export function copyRows(
  target: Pick<Database, 'open'>,
  shadow: Session,
  signal: AbortSignal,
): Promise<readonly string[]> {
  return whileWanted(target, 'read', signal, (source) => givingUp(shadow, signal, () => copyAll(source, shadow)));
}

async function copyAll(source: Session, shadow: Session): Promise<readonly string[]> {
  await demand(
    source,
    `begin isolation level repeatable read read only; set local lock_timeout = ${lockMs}; set local statement_timeout = 0;
     set local idle_in_transaction_session_timeout = 0; set local row_security = off`,
  );
  for (const session of [source, shadow]) await demand(session, plainText);
  const { tables, sequences, views } = await tablesWithRows(source);
  const present = new Set(await presentOn(shadow, [...tables.map(({ name }) => name), ...sequences]));
  for (const table of tables) if (present.has(table.name)) await copyTable(source, shadow, table);
  await copySequences(
    source,
    shadow,
    sequences.filter((name) => present.has(name)),
  );
  return views;
}

/** What the shadow lacks, for want of an extension for example, has no rows there either. */
async function presentOn(shadow: Session, names: readonly string[]): Promise<readonly string[]> {
  const found = await shadow.rows<{ name: string }>(
    `select name from pg_catalog.unnest($1::text[]) as name where pg_catalog.to_regclass(name) is not null`,
    [names],
  );
  return found.map(({ name }) => name);
}

/** In the transaction that empties a table, Postgres spares the log (`wal_level` minimal) and later looks at each row. */
async function copyTable(source: Session, shadow: Session, table: RowTable): Promise<void> {
  const { name, columns, condition, root } = table;
  if (!source.copyOut || !shadow.copyIn) throw new Error('a session on a server streams');
  const list = columns === '' ? '' : ` (${columns})`;
  const rows = condition === '' ? `${name}${list}` : `(select ${columns || ''} from only ${name} ${condition})`;
  // What stands in it already is not to be lost.
  const isEmpty = condition === '' && root === null;
  await demand(shadow, isEmpty ? `begin; truncate only ${name}` : 'begin');
  const answer = await shadow.copyIn(
    `copy ${root ?? name}${list} from stdin${isEmpty ? ' with (freeze)' : ''}`,
    source.copyOut(`copy ${rows} to stdout`),
  );
  // Its words would hold values of a row.
  if (answer.kind === 'refused')
    throw rowsFault(answer.refusal.sqlState, `the shadow does not take the rows of ${name}`);
  await demand(shadow, 'commit');
}

/** Asked in one message, but not too long a one. */
const sequencesAtOnce = 200;

async function copySequences(source: Session, shadow: Session, names: readonly string[]): Promise<void> {
  for (let i = 0; i < names.length; i += sequencesAtOnce) {
    const some = names.slice(i, i + sequencesAtOnce);
    const values = await source.rows<{ name: string; value: string; called: boolean }>(
      some
        .map((it) => `select ${quoteLiteral(it)} as name, last_value as value, is_called as called from ${it}`)
        .join(' union all '),
    );
    await shadow.rows(
      `select pg_catalog.setval(name::pg_catalog.regclass, value, called)
         from unnest($1::text[], $2::bigint[], $3::bool[]) as given (name, value, called)`,
      [values.map(({ name }) => name), values.map(({ value }) => value), values.map(({ called }) => called)],
    );
  }
}
