/** Which rows of a table are new, others or gone: by digests in the order of the key, so that a large table needs little memory. */
import { quoteIdentifier } from '../../database/quote';
import type { Session } from '../../database/session';
import { type Reference, rowsOf, type TableFacts } from './tables';

export interface RowDifference {
  readonly added: number;
  /** The same primary key, other values; without a primary key there are none. */
  readonly changed: number;
  readonly removed: number;
}

/** @param table in both; both sessions after `plainText` */
export async function differenceOfRows(then: Session, now: Session, table: TableFacts): Promise<RowDifference> {
  const query = digestsOf(table);
  const counts = { added: 0, changed: 0, removed: 0 };
  for await (const [was, is] of merged(linesOf(then, query), linesOf(now, query))) {
    if (was === undefined) counts.added++;
    else if (is === undefined) counts.removed++;
    else if (was !== is) counts.changed++;
  }
  return counts;
}

/**
 * How many rows of `child` refer to rows that `parent` lacks. Compared as texts, so that keys of unlike types may look
 * lacking: Postgres has the last word when the rows are put in.
 */
export async function referencesLacking(
  child: Session,
  from: TableFacts,
  parent: Session,
  { columns, keys }: Reference,
  to: TableFacts,
): Promise<number> {
  const filled = columns.map((it) => `${quoteIdentifier(it)} is not null`).join(' and ');
  const wanted = linesOf(child, `select ${digest(columns)} from ${rowsOf(from)} where ${filled} order by 1`);
  const there = linesOf(parent, `select distinct ${digest(keys)} from ${rowsOf(to)} order by 1`);
  const found = there[Symbol.asyncIterator]();
  let candidate = await found.next();
  let lacking = 0;
  for await (const key of wanted) {
    while (!candidate.done && candidate.value < key) candidate = await found.next();
    if (candidate.done || candidate.value !== key) lacking++;
  }
  for await (const _ of { [Symbol.asyncIterator]: () => found }) continue;
  return lacking;
}

const digest = (columns: readonly string[]): string =>
  `pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(row(${columns.map(quoteIdentifier).join(', ')})::text, 'UTF8')), 'hex') collate "C"`;

/** One text for each row, in the order of bytes: the digest of its key, then that of all of it. */
function digestsOf(table: TableFacts): string {
  const all = digest(table.columns);
  const line = table.key === null ? all : `${digest(table.key)} || ' ' || ${all}`;
  return `select ${line} from ${rowsOf(table)} order by 1`;
}

async function* linesOf(session: Session, query: string): AsyncGenerator<string> {
  if (!session.copyOut) {
    for (const { line } of await session.rows<{ line: string }>(`select line from (${query}) as told (line)`))
      yield line;
    return;
  }
  let rest = '';
  for await (const piece of session.copyOut(`copy (${query}) to stdout`)) {
    const lines = (rest + piece.toString('latin1')).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
}

/** Lines of one key belong together; one that the other side lacks stands alone. */
async function* merged(
  before: AsyncGenerator<string>,
  after: AsyncGenerator<string>,
): AsyncGenerator<readonly [string | undefined, string | undefined]> {
  const keyOf = (line: string): string => line.split(' ', 1)[0] ?? '';
  let [was, is] = [await before.next(), await after.next()];
  while (!was.done || !is.done) {
    const order = was.done ? 1 : is.done ? -1 : compare(keyOf(was.value), keyOf(is.value));
    yield [order <= 0 && !was.done ? was.value : undefined, order >= 0 && !is.done ? is.value : undefined];
    if (order <= 0) was = await before.next();
    if (order >= 0) is = await after.next();
  }
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
