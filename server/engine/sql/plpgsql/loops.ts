/** Reads the loops of PL/pgSQL. */
import { foldedName } from '../tokens';
import type { Code, Loop } from './code';
import type { Known } from './known';
import { assignment, cursorArguments, dynamic, sql, targets } from './parts';
import type { Reader } from './reader';

/** @returns what is looked up before the first round, then the loop */
export function loop(reader: Reader, known: Known, label: string | undefined): Code[] {
  const start = reader.offset;
  const { before, ...head } = headOf(reader, known);
  reader.expect('loop');
  const body = known.statements(reader, 'end');
  reader.expect('end', 'loop');
  if (reader.atName) reader.next();
  reader.expect(';');
  return [...before, { kind: 'loop', range: { start, end: reader.end }, label, ...head, body }];
}

type Head = Pick<Loop, 'variable' | 'assignment'> & { readonly before: readonly Code[] };

function headOf(reader: Reader, known: Known): Head {
  const none = { before: [], variable: undefined, assignment: undefined };
  if (reader.take('while')) return { ...none, before: sql(reader.until('loop')) };
  if (reader.take('foreach')) {
    const into = targets(reader);
    if (reader.take('slice')) reader.next();
    reader.expect('in', 'array');
    return { ...none, before: [...sql(reader.until('loop')), ...into.code], assignment: assignment(into) };
  }
  return reader.take('for') ? forHead(reader, known) : none;
}

function forHead(reader: Reader, known: Known): Head {
  const name = reader.peek()?.text ?? '';
  const into = targets(reader);
  reader.expect('in');
  if (reader.take('execute'))
    return { before: [...dynamic(reader), ...into.code], variable: undefined, assignment: assignment(into) };
  const cursor = known.cursors.get(foldedName(reader.peek()?.text ?? ''));
  if (cursor && ['loop', '('].includes(reader.word(1))) {
    reader.next();
    const before = reader.take('(') ? cursorArguments(reader) : [];
    return { before, variable: { name, type: 'record' }, assignment: assignment(into, cursor) };
  }
  reader.take('reverse');
  const range = reader.until('..', 'loop');
  if (reader.take('..')) {
    const before = [...sql(range), ...sql(reader.until('by', 'loop'))];
    if (reader.take('by')) before.push(...sql(reader.until('loop')));
    return { before, variable: { name, type: 'integer' }, assignment: undefined };
  }
  const query = range && ({ kind: 'statement', range } as const);
  return {
    before: [...sql(range, 'statement'), ...into.code],
    variable: undefined,
    assignment: assignment(into, query),
  };
}
