/** Reads one statement of PL/pgSQL. */
import type { TextRange } from '../../base/text';
import { foldedName } from '../tokens';
import type { Code, Piece } from './code';
import type { Known } from './known';
import { loop } from './loops';
import { assignment, cursorArguments, dynamic, sql, type Targets, targets, unknown } from './parts';
import { labelAt, type Reader, Unreadable } from './reader';

/** @returns the code of it, in the order in which it would run */
export function statement(reader: Reader, known: Known): Code[] {
  const label = labelAt(reader);
  if (reader.isAt('begin') || reader.isAt('declare')) return [{ kind: 'block', block: known.block(reader, label) }];
  if (['loop', 'while', 'for', 'foreach'].includes(reader.word())) return loop(reader, known, label);
  if (isAssignment(reader)) return assignmentStatement(reader);
  const read = byFirstWord.get(reader.word()) ?? sqlStatement;
  return read(reader, known);
}

function afterWord(reader: Reader, read: (reader: Reader) => Code[]): Code[] {
  reader.next();
  const code = read(reader);
  reader.expect(';');
  return code;
}

const passedOver = (reader: Reader): Code[] => afterWord(reader, (it) => (it.until(';'), []));

/** `name.field[subscript] :=`, or `=` instead. */
function isAssignment(reader: Reader): boolean {
  if (!reader.atName || ['if', 'case', 'return', 'perform'].includes(reader.word())) return false;
  let depth = 0;
  for (let n = 1; ; n++) {
    const word = reader.word(n);
    if (word === '[') depth++;
    else if (word === ']') depth--;
    else if (depth > 0) {
      if (!reader.peek(n)) return false;
    } else if (word === ':=' || word === '=') return true;
    else if (word === '.') n++;
    else return false;
  }
}

function assignmentStatement(reader: Reader): Code[] {
  const start = reader.offset;
  const { first } = reader.path();
  const subscripts: Code[] = [];
  while (reader.take('[')) {
    subscripts.push(...sql(reader.until(']', ':')));
    if (reader.take(':')) subscripts.push(...sql(reader.until(']')));
    reader.expect(']');
    while (reader.take('.')) reader.name();
  }
  const { end } = reader;
  const dotted = /[.[]/.test(reader.text.slice(start, end));
  reader.next();
  const value = sql(reader.until(';'));
  reader.expect(';');
  return [
    ...subscripts,
    ...value,
    ...(dotted ? sql({ start, end: endOfPath(reader.text, start, end) }) : [unknown([first])]),
  ];
}

/** Subscripts are looked up apart. */
function endOfPath(text: string, start: number, end: number): number {
  const bracket = text.indexOf('[', start);
  return bracket < 0 || bracket > end ? end : bracket;
}

function ifStatement(reader: Reader, known: Known): Code[] {
  const code: Code[] = [];
  reader.expect('if');
  do {
    code.push(...sql(reader.until('then')));
    reader.expect('then');
    code.push({ kind: 'branch', body: known.statements(reader, 'elsif', 'elseif', 'else', 'end') });
  } while (reader.take('elsif') || reader.take('elseif'));
  if (reader.take('else')) code.push({ kind: 'branch', body: known.statements(reader, 'end') });
  reader.expect('end', 'if', ';');
  return code;
}

function caseStatement(reader: Reader, known: Known): Code[] {
  reader.expect('case');
  const code = reader.isAt('when') ? [] : sql(reader.until('when'));
  while (reader.take('when')) {
    code.push(...sql(reader.until('then')));
    reader.expect('then');
    code.push({ kind: 'branch', body: known.statements(reader, 'when', 'else', 'end') });
  }
  if (reader.take('else')) code.push({ kind: 'branch', body: known.statements(reader, 'end') });
  reader.expect('end', 'case', ';');
  return code;
}

const exit = (reader: Reader): Code[] =>
  afterWord(reader, (it) => {
    if (it.atName && !it.isAt('when')) it.next();
    return it.take('when') ? sql(it.until(';')) : [];
  });

const returnStatement = (reader: Reader): Code[] =>
  afterWord(reader, (it) => {
    if (it.take('query', 'execute')) return dynamic(it);
    if (it.take('query')) return sql(it.until(';'), 'rows');
    it.take('next');
    return sql(it.until(';'));
  });

/** `RAISE [level] 'format', values USING option = value`, `RAISE condition USING …`, `RAISE`. */
const raise = (reader: Reader): Code[] =>
  afterWord(reader, (it) => {
    const code: Code[] = [];
    it.until(',', 'using', ';');
    while (it.take(',')) code.push(...sql(it.until(',', 'using', ';')));
    if (it.take('using')) {
      do {
        it.next();
        it.next();
        code.push(...sql(it.until(',', ';')));
      } while (it.take(','));
    }
    return code;
  });

/** Its arguments may be variables that get values. */
function call(reader: Reader): Code[] {
  const start = reader.offset;
  const range = reader.until(';') ?? { start, end: start };
  reader.expect(';');
  const words = [...reader.text.slice(range.start, range.end).matchAll(/[\w$\u0080-\uffff]+/g)];
  return [{ kind: 'sql', piece: { kind: 'call', range } }, unknown(words.map(([word]) => foldedName(word)))];
}

const execute = (reader: Reader): Code[] => afterWord(reader, dynamic);

const open = (reader: Reader): Code[] =>
  afterWord(reader, (it) => {
    it.name();
    const values = it.take('(') ? cursorArguments(it) : [];
    if (!it.take('for')) while (it.isAt('no') || it.isAt('scroll')) it.next();
    it.take('for');
    if (it.take('execute')) return dynamic(it);
    return [...values, ...sql(it.until(';'), 'statement')];
  });

const fetch = (reader: Reader, known: Known): Code[] =>
  afterWord(reader, (it) => {
    const before = it.until('into');
    const cursor = foldedName(/[^\s]*$/.exec(it.text.slice(before?.start, before?.end))?.[0] ?? '');
    it.expect('into');
    const into = targets(it);
    return [...into.code, assignment(into, known.cursors.get(cursor))];
  });

/** Whatever is none of PL/pgSQL's own statements. Its INTO is PL/pgSQL's, unless it belongs to INSERT or MERGE. */
function sqlStatement(reader: Reader): Code[] {
  const start = reader.offset;
  const first = reader.word();
  const into: Targets[] = [];
  let taken: TextRange | undefined;
  for (let [before, depth] = ['', 0]; depth > 0 || !reader.isAt(';'); ) {
    if (reader.isAt('into') && !['insert', 'merge'].includes(before) && first !== 'import') {
      const from = reader.offset;
      reader.next();
      reader.take('strict');
      into.push(targets(reader));
      taken = { start: from, end: reader.end };
      before = '';
    } else {
      before = reader.word();
      if (before === '(') depth++;
      if (before === ')') depth--;
      reader.next();
    }
  }
  const range = { start, end: reader.end };
  reader.expect(';');
  if (range.end <= start) throw new Unreadable(`a statement expected at ${start}`);
  if (!queries.has(first)) return [{ kind: 'utility', range }];
  const piece: Piece = { kind: 'statement', range, ...(taken ? { into: taken } : {}) };
  return [{ kind: 'sql', piece }, ...into.flatMap((it) => [...it.code, assignment(it, piece)])];
}

/** First words of statements whose names Postgres resolves before they run. */
const queries: ReadonlySet<string> = new Set([
  'select',
  'insert',
  'update',
  'delete',
  'merge',
  'with',
  'values',
  'table',
  '(',
]);

const byFirstWord: ReadonlyMap<string, (reader: Reader, known: Known) => Code[]> = new Map([
  ['if', ifStatement],
  ['case', caseStatement],
  ['exit', exit],
  ['continue', exit],
  ['return', returnStatement],
  ['raise', raise],
  ['assert', (reader) => afterWord(reader, (it) => it.list(';').flatMap((part) => sql(part)))],
  ['perform', (reader) => afterWord(reader, (it) => sql(it.until(';')))],
  ['call', call],
  ['execute', execute],
  ['open', open],
  ['fetch', fetch],
  ['move', passedOver],
  ['close', passedOver],
  ['null', passedOver],
  ['commit', passedOver],
  ['rollback', passedOver],
  ['get', passedOver],
]);
