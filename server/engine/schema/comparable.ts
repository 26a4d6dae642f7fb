/** Dumps as they are compared: is it the same schema for all that anybody could mean? */
import { objectsOf, type SchemaObject } from './schemaText';

/**
 * With owners, and with the columns of each table in one order: which one they stand in is an accident, and a column that
 * is there again stands behind all others.
 */
export const comparable = (dump: string): SchemaObject[] =>
  objectsOf(dump).map((it) => ({ ...it, text: (it.type === 'TABLE' ? inOneOrder(it.text) : it.text) + it.ownership }));

function inOneOrder(text: string): string {
  const [, head = '', body = '', tail = ''] = /^(CREATE [^\n]* \(\n)((?: {4}[^\n]*\n)+)(\)[^]*)$/.exec(text) ?? [];
  if (body === '') return text;
  const lines = body.split('\n').filter((line) => line !== '');
  const sorted = lines.map((line) => `${line.replace(/,$/, '')}\n`).toSorted();
  return head + sorted.join('') + tail;
}
