/** Two dumps: is it the same schema for all that anybody could mean? */
import type { ObjectChange } from '../changes';
import { differenceOf } from './difference';
import { objectsOf, type SchemaObject, usualOwner, withOwners } from './schemaText';

/**
 * With owners, and with the columns of each table in one order: which one they stand in is an accident, and a column that
 * is there again stands behind all others.
 *
 * @param before as pg_dump --schema-only gives it
 */
export function differenceButForOrder(before: string, after: string): ObjectChange[] {
  const [was, is] = [objectsOf(before), objectsOf(after)];
  const usual = usualOwner(was) ?? usualOwner(is);
  return differenceOf(withOwners(was.map(inOneOrder), usual), withOwners(is.map(inOneOrder), usual));
}

/** Whether two texts of one object differ in more than that. */
export const isMoreThanOrder = ({ type, before, after }: ObjectChange): boolean =>
  type !== 'TABLE' || before === undefined || after === undefined || linesSorted(before) !== linesSorted(after);

const inOneOrder = (object: SchemaObject): SchemaObject =>
  object.type === 'TABLE' ? { ...object, text: linesSorted(object.text) } : object;

/** Of the columns of a table. */
function linesSorted(text: string): string {
  const table = /^((?:SET [^\n]*\n)*CREATE [^\n]* \(\n)((?: {4}[^\n]*\n)+)(\)[^]*)$/.exec(text);
  const [, head = '', body = '', tail = ''] = table ?? [];
  if (body === '') return text;
  const lines = body.split('\n').filter((line) => line !== '');
  const sorted = lines.map((line) => `${line.replace(/,$/, '')}\n`).toSorted();
  return head + sorted.join('') + tail;
}
