/**
 * Reads a PL/pgSQL body: its blocks, variables and all the SQL in it, each at its exact place.
 *
 * Follows the grammar of the server (`src/pl/plpgsql/src/pl_gram.y`), which has accepted the body before.
 */
import { foldedName } from '../tokens';
import type { Block, Code, Declaration, Handler } from './code';
import type { Known } from './known';
import { labelAt, Reader, Unreadable } from './reader';
import { statement } from './statements';

export interface Body {
  /** Lines such as `#variable_conflict use_column`, as written. */
  readonly options: string;
  readonly block: Block;
}

/** @returns undefined for what this reader does not understand */
export function parseBody(text: string): Body | undefined {
  const [options = ''] = /^(?:\s*#[ \t]*\w+[^\n]*\n)*/.exec(text) ?? [];
  // Blanks keep the offsets.
  const reader = new Reader(' '.repeat(options.length) + text.slice(options.length));
  try {
    const known: Known = {
      cursors: new Map(),
      block: (it, label) => block(it, known, label),
      statements: (it, ...stops) => statements(it, known, stops),
    };
    return { options, block: block(reader, known, labelAt(reader)) };
  } catch (error) {
    // Blocks that are nested too deeply for our own stack are not too deep for the server's.
    if (error instanceof Unreadable || error instanceof RangeError) return undefined;
    throw error;
  }
}

function block(reader: Reader, known: Known, label: string | undefined): Block {
  const declarations: Declaration[] = [];
  while (reader.take('declare')) {
    while (!reader.isAt('begin') && !reader.isAt('declare')) declarations.push(declaration(reader, known));
  }
  reader.expect('begin');
  const body = statements(reader, known, ['end', 'exception']);
  const handlers: Handler[] = [];
  if (reader.take('exception')) while (reader.isAt('when')) handlers.push(handler(reader, known));
  reader.expect('end');
  if (reader.atName) reader.next();
  reader.take(';');
  return { label, declarations, body, handlers };
}

function statements(reader: Reader, known: Known, stops: readonly string[]): Code[] {
  const code: Code[] = [];
  while (!stops.includes(reader.word())) code.push(...statement(reader, known));
  return code;
}

function handler(reader: Reader, known: Known): Handler {
  reader.expect('when');
  const conditions: string[] = [];
  do {
    reader.take('sqlstate');
    conditions.push(reader.next().text.toLowerCase().replaceAll("'", ''));
  } while (reader.take('or'));
  reader.expect('then');
  const start = reader.offset;
  const body = statements(reader, known, ['when', 'end']);
  return { conditions, raises: raises.test(reader.text.slice(start, reader.offset)), body };
}

/** `RAISE` without a level, or with the level EXCEPTION. */
const raises = /\braise\b(?!\s+(?:notice|warning|info|log|debug)\b)/i;

function declaration(reader: Reader, known: Known): Declaration {
  const start = reader.offset;
  const name = reader.name().text;
  if (reader.take('alias', 'for')) {
    const of = reader.next().text;
    reader.expect(';');
    return { kind: 'alias', name, of };
  }
  if (isCursor(reader)) return cursor(reader, known, name, start);
  reader.take('constant');
  const from = reader.offset;
  let end = from;
  while (![';', ':=', '=', 'default'].includes(reader.word()) && !reader.isAt('not', 'null')) {
    end = reader.next().range.end;
    if (['(', '['].includes(reader.text[end - 1] ?? '')) {
      reader.until(')', ']');
      end = reader.next().range.end;
    }
  }
  reader.take('not', 'null');
  const initial = reader.isAt(';') ? undefined : (reader.next(), reader.until(';'));
  reader.expect(';');
  const type = reader.text.slice(from, end);
  return { kind: 'variable', name, type, initial: initial && { kind: 'expression', range: initial } };
}

const isCursor = (reader: Reader): boolean =>
  reader.isAt('cursor') || reader.isAt('scroll', 'cursor') || reader.isAt('no', 'scroll', 'cursor');

function cursor(reader: Reader, known: Known, name: string, start: number): Declaration {
  while (!reader.take('cursor')) reader.next();
  const parameters: string[] = [];
  if (reader.take('(')) {
    parameters.push(...reader.list(')').map((it) => reader.text.slice(it.start, it.end)));
    reader.expect(')');
  }
  if (!reader.take('is')) reader.expect('for');
  const range = reader.until(';');
  reader.expect(';');
  if (!range) throw new Unreadable('a cursor without a query');
  const query = { kind: 'statement', range } as const;
  const bound = { parameters, query, text: reader.text.slice(start, range.end) };
  known.cursors.set(foldedName(name), bound);
  return { kind: 'cursor', name, cursor: bound };
}
