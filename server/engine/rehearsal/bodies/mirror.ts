/**
 * The mirror of a body: the same blocks, variables and scopes, in which each piece of SQL is prepared and none is run.
 *
 * So Postgres itself decides what is a variable and what a column. An EXPLAIN is analysed when PL/pgSQL prepares it,
 * and ends with an error when it starts, because of an option that it does not know (`ExplainQuery` in the server).
 */
import type { TextRange } from '../../base/text';
import { quoteIdentifier } from '../../database/quote';
import type { Assignment, Block, BoundCursor, Code, Declaration, Handler, Piece } from '../../sql/plpgsql/code';
import type { Body } from '../../sql/plpgsql/parse';
import { rowsOf } from '../../sql/plpgsql/rows';
import { foldedName, tokensOf } from '../../sql/tokens';

/** Writes what tries a piece, as PL/pgSQL; undefined when there is nothing to try. */
export type Probe = (piece: Piece, query: string, id: number) => string | undefined;

export interface Variable {
  readonly name: string;
  /** As SQL: a type, or `alias for "$1"`. */
  readonly type: string;
}

export interface Mirrored {
  readonly text: string;
  /** Which piece stands on a line, counted from 1. */
  readonly onLine: ReadonlyMap<number, number>;
}

/**
 * @param outer what is declared around the body: parameters, NEW and OLD
 * @param ids of the pieces to try
 */
export function mirrorOf(
  source: string,
  body: Body,
  outer: { readonly label: string; readonly variables: readonly Variable[] },
  ids: ReadonlyMap<Piece, number>,
  probe: Probe,
): Mirrored {
  const writer = new Writer(source, ids, probe, recordsIn(body.block));
  writer.write(`${body.options}<<${quoteIdentifier(outer.label)}>> declare`);
  for (const { name, type } of outer.variables) writer.write(`${quoteIdentifier(name)} ${type};`);
  writer.write('begin');
  writer.block(body.block);
  writer.write('end');
  return { text: writer.lines.join('\n'), onLine: writer.onLine };
}

/** What PL/pgSQL sends for a piece; offsets are those of the text. */
export function queryOf(source: string, { range, into }: Piece): string {
  const text = source.slice(range.start, range.end);
  if (!into) return text;
  const [start, end] = [into.start - range.start, into.end - range.start];
  return text.slice(0, start) + ' '.repeat(end - start) + text.slice(end);
}

/** Folded names in a piece of code. */
export const namesIn = (source: string, { start, end }: TextRange): Set<string> =>
  new Set(
    tokensOf(source.slice(start, end))
      .filter(({ kind }) => kind === 'word' || kind === 'quotedIdentifier' || kind === 'param')
      .map(({ text }) => foldedName(text)),
  );

/** Folded names of all variables without a row type of their own. */
export function recordsIn(block: Block): Set<string> {
  const records = new Set<string>();
  const visit = (code: readonly Code[]): void => {
    for (const it of code) {
      if (it.kind === 'block') visitBlock(it.block);
      if (it.kind === 'loop' && it.variable?.type === 'record') records.add(foldedName(it.variable.name));
      if (it.kind === 'loop' || it.kind === 'branch') visit(it.body);
    }
  };
  const visitBlock = ({ declarations, body, handlers }: Block): void => {
    for (const it of declarations)
      if (it.kind === 'variable' && /^(?:pg_catalog\.)?record$/i.test(it.type)) records.add(foldedName(it.name));
    visit(body);
    for (const it of handlers) visit(it.body);
  };
  visitBlock(block);
  return records;
}

class Writer {
  readonly lines: string[] = [];
  readonly onLine = new Map<number, number>();
  #line = 1;

  constructor(
    readonly source: string,
    readonly ids: ReadonlyMap<Piece, number>,
    readonly probe: Probe,
    readonly records: ReadonlySet<string>,
  ) {}

  write(text: string): void {
    this.lines.push(text);
    this.#line += text.split('\n').length;
  }

  block({ label, declarations, body, handlers }: Block): void {
    this.write(label === undefined ? 'declare' : `<<${label}>> declare`);
    for (const it of declarations) this.#declaration(it);
    this.write('begin');
    for (const [n, it] of declarations.entries()) this.#initial(it, declarations.slice(n));
    this.#code(body);
    for (const it of handlers) this.#handler(it);
    this.write('end;');
  }

  #declaration(it: Declaration): void {
    switch (it.kind) {
      case 'variable':
        return this.write(`${it.name} ${it.type};`);
      case 'alias':
        return this.write(`${it.name} alias for ${it.of};`);
      case 'cursor':
        return this.write(`${it.cursor.text};`);
    }
  }

  /** What is declared later means something else in an initial value, so one that names such is left out. */
  #initial(it: Declaration, later: readonly Declaration[]): void {
    if (it.kind === 'cursor') this.#withParameters(it.cursor, () => this.#piece(it.cursor.query));
    if (it.kind !== 'variable' || !it.initial) return;
    const names = namesIn(this.source, it.initial.range);
    if (!later.some(({ name }) => names.has(foldedName(name)))) this.#piece(it.initial);
  }

  #handler({ body }: Handler): void {
    this.write('declare sqlstate text; sqlerrm text; begin');
    this.#code(body);
    this.write('end;');
  }

  #code(code: readonly Code[]): void {
    for (const it of code) {
      switch (it.kind) {
        case 'sql':
          this.#piece(it.piece);
          break;
        case 'assignment':
          this.#assignment(it);
          break;
        case 'block':
          this.block(it.block);
          break;
        case 'branch':
          this.#code(it.body);
          break;
        case 'loop':
          this.write(it.label === undefined ? 'declare' : `<<${it.label}>> declare`);
          if (it.variable) this.write(`${it.variable.name} ${it.variable.type};`);
          this.write('begin');
          if (it.assignment) this.#assignment(it.assignment);
          this.#code(it.body);
          this.write('end;');
          break;
        case 'utility':
          break;
      }
    }
  }

  #piece(piece: Piece): void {
    const id = this.ids.get(piece);
    const text = id === undefined ? undefined : this.probe(piece, queryOf(this.source, piece), id);
    if (id === undefined || text === undefined) return;
    for (let n = 0; n < text.split('\n').length; n++) this.onLine.set(this.#line + n, id);
    this.write(text);
  }

  /** A record gets the row type of the query, and no row. */
  #assignment({ names: [name = ''], source }: Assignment): void {
    if (!source || !this.records.has(name)) return;
    const query = rowsOf(queryOf(this.source, 'query' in source ? source.query : source));
    if (query === undefined) return;
    const record = quoteIdentifier(name);
    const read = `begin select * into ${record} from (${query}) rehearsal limit 0;
exception when others then ${record} := null; end;`;
    if ('query' in source) this.#withParameters(source, () => this.write(read));
    else this.write(read);
  }

  #withParameters({ parameters }: BoundCursor, write: () => void): void {
    this.write(`declare ${parameters.map((it) => `${it}; `).join('')}begin`);
    write();
    this.write('end;');
  }
}
