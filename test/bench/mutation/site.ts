/** One statement of a migration as the mutators see it: where it stands, its tokens, its syntax tree. */
import { type Node, parseSync } from 'libpg-query';
import { shifted, type TextRange } from '../../../server/engine/base/text';
import type { Script } from '../../../server/engine/layouts/layout';
import { statementsIn } from '../../../server/engine/layouts/statements';
import type { Statement } from '../../../server/engine/sql/statement';
import { foldedName, type Token, tokensOf } from '../../../server/engine/sql/tokens';

/** Ranges are those of the whole file. */
export interface Site {
  /** The whole file. */
  readonly file: string;
  readonly statement: Statement;
  readonly next: Statement | undefined;
  /** Without comments. */
  readonly tokens: readonly Token[];
  readonly tree: Node;
  /** Where a node of the tree stands; libpg_query counts bytes, and leaves a zero out. */
  readonly at: (location: number | undefined) => number;
  readonly known: Known;
}

/** What only a database can tell about the state just before the statement. */
export interface Known {
  /** Enum types that were there before the migration, as they can be written. */
  readonly enums: readonly string[];
  /** INSERTs of two rows into the table that the statement is about; they differ only where a unique index asks for it. */
  readonly rows: string | undefined;
}

export const nothingKnown: Known = { enums: [], rows: undefined };

/** `loadModule()` of libpg-query has to be awaited before. What its grammar cannot read is no place for a mutation. */
export function sitesOf(file: string, script: Script, knownOf: (statement: Statement) => Known): Site[] {
  const statements = statementsIn(file, script);
  return statements.flatMap((statement, i) => {
    const tree = statement.kind === 'sql' ? treeOf(statement.text) : undefined;
    if (!tree) return [];
    const { start } = statement.range;
    const tokens = tokensOf(statement.text)
      .filter(({ kind }) => kind !== 'comment')
      .map((it) => ({ ...it, range: shifted(it.range, start) }));
    const bytes = Buffer.from(statement.text);
    const at = (location = 0) => start + bytes.subarray(0, location).toString().length;
    return [{ file, statement, next: statements[i + 1], tokens, tree, at, known: knownOf(statement) }];
  });
}

export function treeOf(sql: string): Node | undefined {
  try {
    return parseSync(sql).stmts?.[0]?.stmt;
  } catch (error) {
    if (error instanceof Error && error.name === 'SqlError') return undefined;
    throw error;
  }
}

export const isNameToken = ({ kind }: Token): boolean => kind === 'word' || kind === 'quotedIdentifier';

/** The last part of the name that begins at an offset: `users` in `app.users`. */
export function lastPartAt(tokens: readonly Token[], offset: number): Token | undefined {
  let index = tokens.findIndex(({ range }) => range.start === offset);
  while (tokens[index + 1]?.text === '.' && tokens[index + 2]) index += 2;
  const token = tokens[index];
  return token && isNameToken(token) ? token : undefined;
}

/** The first token from an offset on that spells a name; for what the tree gives without its place. */
export const spelt = (tokens: readonly Token[], name: string | undefined, from: number): Token | undefined =>
  tokens.find((it) => it.range.start >= from && isNameToken(it) && foldedName(it.text) === name);

/** From a token on to the comma, or the closing parenthesis, that ends its item in a list, or to the end. */
export function itemFrom(tokens: readonly Token[], start: number): TextRange {
  let [depth, end] = [0, start];
  for (const { text, range } of tokens.filter((it) => it.range.start >= start)) {
    if (depth === 0 && (text === ',' || text === ')')) break;
    if (text === '(' || text === '[') depth++;
    if (text === ')' || text === ']') depth--;
    ({ end } = range);
  }
  return { start, end };
}
