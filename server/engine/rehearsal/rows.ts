/**
 * Was a statement refused only because the shadow has the target's schema without its rows?
 *
 * Postgres is right about the shadow, and nobody knows about the target: such a refusal must not look like a mistake.
 */
import { quotedIn } from '../sql/blame';
import type { Outcome } from './outcome';

type Refused = Extract<Outcome, { kind: 'refused' }>;

/** Whether the shadow began with the rows that the target has. */
export type Rows = 'there' | 'missing';

/**
 * How a refusal without the rows is like that with them, when they were there last.
 *
 * - `alike`: for the same reason, though not with the same values
 */
export type Likeness = 'same' | 'alike';

/** @param earlier outcomes of all statements before it, of earlier scripts too */
export function mayMissRows({ refusal, shape, statement }: Refused, earlier: readonly Outcome[]): boolean {
  const { sqlState, detail } = refusal;
  if (!usesRows.has(shape.node)) return false;
  if (sqlState === foreignKey) {
    const parent = quotedIn(detail ?? '').at(-1);
    return parent !== undefined && !isMadeHere(parent, earlier);
  }
  return found.has(sqlState) && looksUp.test(statement.text);
}

/** The row that a foreign key points to is missing: the detail ends with the table that lacks it. */
const foreignKey = '23503';

/** NULL where a value was looked up, nothing found by SELECT INTO STRICT, ASSERT, RAISE, a division by a count. */
const found: ReadonlySet<string> = new Set(['23502', '22004', '22012', 'P0001', 'P0002', 'P0004']);

const usesRows: ReadonlySet<string> = new Set([
  'InsertStmt',
  'UpdateStmt',
  'DeleteStmt',
  'MergeStmt',
  'CopyStmt',
  'SelectStmt',
  'DoStmt',
  'CallStmt',
  'ExecuteStmt',
]);

/** Words by which code reads rows; a call may do so as well. */
const looksUp = /\b(?:select|perform|exists|found|call)\b/i;

/** Then all its rows are known: this script, or one before, has made the table and whatever is in it. */
const isMadeHere = (table: string, earlier: readonly Outcome[]): boolean =>
  earlier.some(
    ({ kind, shape }) => kind === 'ran' && shape.makes.some((it) => it.kind === 'relation' && it.name === table),
  );
