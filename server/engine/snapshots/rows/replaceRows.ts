/** Gives tables the rows that they have in another database, with their foreign keys, triggers and sequences set right. */
import { demand, rowsFault } from '../../database/plainText';
import { quoteIdentifier, quoteLiteral } from '../../database/quote';
import type { Session } from '../../database/session';
import { guardsOf, withoutGuards } from './guards';
import { advanceSequences } from './sequences';
import type { TableFacts } from './tables';

/** A table that gets the rows of its namesake. */
export interface Refilled extends Pick<TableFacts, 'id' | 'name' | 'table' | 'partitioned'> {
  /** Those that both have; the others get their defaults. */
  readonly columns: readonly string[];
  /** Whether it is partitioned at the source. */
  readonly partitionedThere: boolean;
}

/**
 * `delete` leaves the former rows to transactions that began before; `truncate` is fast and leaves nothing behind, where
 * nobody else is.
 */
export type EmptiedBy = 'delete' | 'truncate';

/**
 * @param source after `plainText`, in a transaction that sees the rows as they are at one moment
 * @param target after `plainText`, in a transaction, which the caller ends
 * @throws {Fault} `refused` with the constraint that does not hold; `no-right`, `busy`, `disk-full`
 */
export async function replaceRows(
  source: Session,
  target: Session,
  tables: readonly Refilled[],
  emptiedBy: EmptiedBy,
): Promise<void> {
  const ids = tables.map(({ id }) => id);
  await withoutGuards(target, await guardsOf(target, ids), async () => {
    for (const table of tables) {
      await demand(target, emptied(table, emptiedBy));
      await (source.copyOut && target.copyIn ? stream(source, target, table) : retell(source, target, table));
    }
  });
  await advanceSequences(source, target, ids);
}

const emptied = ({ name, partitioned }: Refilled, by: EmptiedBy): string =>
  `${by === 'delete' ? 'delete from' : 'truncate'} ${partitioned ? '' : 'only '}${name}`;

const listOf = ({ columns }: Refilled): string => columns.map(quoteIdentifier).join(', ');
const rowsOf = ({ name, partitionedThere }: Refilled): string => `${partitionedThere ? '' : 'only '}${name}`;

async function stream(source: Session, target: Session, table: Refilled): Promise<void> {
  if (!source.copyOut || !target.copyIn) throw new Error('a session on a server streams');
  const list = listOf(table);
  const answer = await target.copyIn(
    `copy ${table.name} (${list}) from stdin`,
    source.copyOut(`copy (select ${list} from ${rowsOf(table)}) to stdout`),
  );
  if (answer.kind === 'refused')
    throw rowsFault(answer.refusal.sqlState, `${table.table} does not take the rows: ${answer.refusal.message}`);
}

const rowsAtOnce = 500;
/** Postgres gives a function a hundred arguments at most. */
const columnsAtOnce = 50;

/** The embedded engine has no streams: rows go as the literals that pg_dump would write. */
async function retell(source: Session, target: Session, table: Refilled): Promise<void> {
  await demand(source, `declare rehearsal_rows cursor for select ${literals(table)} as row from ${rowsOf(table)}`);
  for (;;) {
    const rows = await source.rows<{ row: string }>(`fetch ${rowsAtOnce} from rehearsal_rows`);
    if (rows.length === 0) break;
    const values = rows.map(({ row }) => `(${row})`).join(',');
    await demand(target, `insert into ${table.name} (${listOf(table)}) overriding system value values ${values}`);
  }
  await demand(source, 'close rehearsal_rows');
}

function literals({ columns }: Refilled): string {
  const parts: string[] = [];
  for (let at = 0; at < columns.length; at += columnsAtOnce) {
    const some = columns.slice(at, at + columnsAtOnce);
    const form = quoteLiteral(some.map(() => '%L').join(','));
    parts.push(`pg_catalog.format(${form}, ${some.map(quoteIdentifier).join(', ')})`);
  }
  return parts.join(` || ',' || `);
}
