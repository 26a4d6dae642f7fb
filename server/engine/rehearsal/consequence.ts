/**
 * Was a statement refused only because an earlier one was?
 *
 * It is when it misses a name that the earlier one would have made, or meets one that it would have taken away. Told
 * by SQLSTATE and by the names in the statements, so that no language of messages matters.
 */
import { quotedIn } from '../sql/blame';
import { nameParts } from '../sql/tokens';
import type { ObjectName } from '../sql/statement';
import type { Outcome } from './outcome';
import { namesOf } from './run';

type Refused = Extract<Outcome, { kind: 'refused' }>;

/** SQLSTATE class 42 and 3F: a name that is not there (Postgres documentation, appendix A). */
const missing = new Set(['42P01', '42703', '42704', '42883', '3F000', '42P10', '42830', '26000']);
/** A name that is there already. */
const present = new Set(['42P07', '42710', '42701', '42723', '42P06', '42P16', '42712']);
/** Other objects depend on it. */
const depended = '2BP01';
/** A row of another table is missing. */
const foreignKey = '23503';

/**
 * @param text the words to blame, as they stand in the file
 * @param earlier outcomes of all statements before it, in order, of earlier scripts too
 * @returns the outcome that caused it
 */
export function causeOf<Earlier extends Outcome>(
  refused: Refused,
  text: string,
  earlier: readonly Earlier[],
): Earlier | undefined {
  const { sqlState, detail } = refused.refusal;
  const blamed = new Set(nameParts(text.length < 200 ? text : ''));
  const names = [...namesOf(refused.shape)].some((name) => blamed.has(name)) ? blamed : namesOf(refused.shape);
  const made = new Set(refused.shape.makes.map(({ name }) => name));
  const among = (objects: readonly ObjectName[], those: ReadonlySet<string>) =>
    objects.some(({ name }) => those.has(name));
  return earlier.findLast(({ kind, shape, statement }) => {
    if (kind === 'ran') return false;
    if (shape.node === 'unreadable')
      return missing.has(sqlState) && wordsOf(statement.text).some((word) => names.has(word));
    if (missing.has(sqlState)) return among(shape.makes, names);
    if (present.has(sqlState)) return among(shape.takes, made);
    if (sqlState === foreignKey) return quotedIn(detail ?? '').includes(filledBy(statement.text) ?? '');
    return sqlState === depended && among(shape.takes, new Set(nameParts(detail ?? '')));
  });
}

/** The table that a statement would have put rows into. */
const filledBy = (text: string): string | undefined =>
  nameParts(/^(?:insert\s+into|merge\s+into(?:\s+only)?|copy)\s+([^\s(]+)/i.exec(text)?.[1] ?? '').at(-1);

/** A statement that cannot be parsed may have been meant to make whatever it names. */
const wordsOf = (text: string): string[] => nameParts(text.length < longest ? text : text.slice(0, longest));

const longest = 10_000;
