/**
 * Where do statements begin and end? Cuts a script into statements and what lies between them, as psql would; or a
 * message, as the server does.
 *
 * Never fails: an open quote or comment runs to the end, and Postgres will say what is wrong with it. A semicolon inside
 * parentheses ends a statement too (an open parenthesis must not swallow the rest of the file), except in the action
 * list of CREATE RULE.
 */
import type { TextRange } from '../base/text';
import { type ConformingStrings, conformingStrings } from './conformingStrings';
import { endOfLine, type Lexeme, lexemeAt } from './lexer';
import type { Statement, StatementKind } from './statement';

/**
 * A stretch of a script; the pieces, put together, are the script.
 *
 * - `statement`: the statement with its semicolon and what stands before that; `statement.range` is without both
 * - `rows`: data of the `COPY … FROM stdin` before it, with the closing line `\.`; to be kept byte for byte
 * - `blank`: white space, comments, empty statements
 */
export type Piece =
  | { readonly kind: 'blank' | 'rows'; readonly range: TextRange }
  | { readonly kind: 'statement'; readonly range: TextRange; readonly statement: Statement };

export interface ScanOptions {
  /** The part of the text to cut; ranges are those of the whole text all the same. */
  readonly within?: TextRange;
  /** As the connection has it at the start; on when not said. */
  readonly standardConformingStrings?: boolean;
  /** The server knows neither lines for psql nor rows behind a COPY; psql when not said. */
  readonly reader?: 'psql' | 'server';
  /** Asked before each statement, with its offset; true ends the scan there. */
  readonly until?: (start: number) => boolean;
}

/** The pieces in order, none of them empty. */
export function scan(sql: string, options: ScanOptions = {}): Piece[] {
  const { within = { start: 0, end: sql.length }, standardConformingStrings = true, until, reader = 'psql' } = options;
  const strings = conformingStrings(standardConformingStrings);
  const pieces: Piece[] = [];
  // Their rows are read, and put into them, when the line is over.
  const awaitingRows: { copyData?: string; readonly kind: StatementKind }[] = [];
  let limit = within.end;
  for (let at = within.start; ; ) {
    if (at >= limit) {
      if (limit === within.end && awaitingRows.length === 0) return pieces;
      at = takeRows(at);
      limit = within.end;
      continue;
    }
    const found = pieceAt(sql, at, limit, strings, reader);
    if (found.piece.kind === 'statement' && until?.(at)) return pieces;
    pieces.push(found.piece);
    at = found.piece.range.end;
    if (found.piece.kind !== 'statement') continue;
    strings.ran(found.piece.statement.text);
    if (!found.rowsFollow) continue;
    // As in psql, the rows begin on the next line, whatever else this one holds.
    if (awaitingRows.push(found.piece.statement) === 1) limit = endOfLine(sql, at, limit);
  }

  function takeRows(lineEnd: number): number {
    let at = endOfLineBreak(sql, lineEnd, within.end);
    if (at > lineEnd) pieces.push({ kind: 'blank', range: { start: lineEnd, end: at } });
    for (const copy of awaitingRows.splice(0)) {
      const { dataEnd, end } = rowsAt(sql, at, within.end);
      if (copy.kind === 'copyIn') copy.copyData = sql.slice(at, dataEnd);
      if (end > at) pieces.push({ kind: 'rows', range: { start: at, end } });
      at = end;
    }
    return at;
  }
}

/** The statements alone. */
export function statementsOf(sql: string, within?: TextRange): Statement[] {
  return statementsAmong(scan(sql, within ? { within } : {}));
}

export const statementsAmong = (pieces: readonly Piece[]): Statement[] =>
  pieces.flatMap((piece) => (piece.kind === 'statement' ? [piece.statement] : []));

interface FoundPiece {
  readonly piece: Piece;
  readonly rowsFollow: boolean;
}

type Reader = NonNullable<ScanOptions['reader']>;

function pieceAt(sql: string, start: number, limit: number, strings: ConformingStrings, reader: Reader): FoundPiece {
  const blankEnd = endOfBlank(sql, start, limit);
  if (blankEnd > start) return { piece: { kind: 'blank', range: { start, end: blankEnd } }, rowsFollow: false };
  if (reader === 'psql' && sql[start] === '\\') return psqlLine(sql, start, limit);
  return statementAt(sql, start, limit, strings.now, reader);
}

/** White space, comments and semicolons that end nothing. */
function endOfBlank(sql: string, at: number, limit: number): number {
  while (at < limit) {
    const { kind, end } = lexemeAt(sql, at, limit);
    if (kind !== 'space' && kind !== 'comment' && sql[at] !== ';') break;
    at = end;
  }
  return at;
}

function psqlLine(sql: string, start: number, limit: number): FoundPiece {
  // `\;` separates statements that psql sends together.
  if (sql[start + 1] === ';') return { piece: { kind: 'blank', range: { start, end: start + 2 } }, rowsFollow: false };
  const line = sql.slice(start, endOfLine(sql, start, limit));
  const text = line.trimEnd();
  const range = { start, end: start + text.length };
  return {
    piece: { kind: 'statement', range, statement: { text, range, kind: 'psql' } },
    rowsFollow: /^\\copy\s[^']*\bfrom\s+stdin\b/i.test(text),
  };
}

function statementAt(sql: string, start: number, limit: number, conforming: boolean, reader: Reader): FoundPiece {
  const form = statementForm();
  let lastEnd = start;
  let pieceEnd = start;
  for (let at = start; at < limit; ) {
    const lexeme = lexemeAt(sql, at, limit, conforming);
    const { kind, end } = lexeme;
    if (kind !== 'space' && kind !== 'comment') {
      if (kind === 'punctuation' && sql[at] === ';' && form.semicolonEnds) {
        pieceEnd = end;
        break;
      }
      if (reader === 'psql' && kind === 'punctuation' && sql[at] === '\\' && endsForPsql(sql, at, limit)) break;
      form.next(sql, lexeme);
      lastEnd = pieceEnd = end;
    }
    at = end;
  }
  const range = { start, end: lastEnd };
  const rowsFollow = reader === 'psql' && form.copiesIn;
  const statement: Statement = { text: sql.slice(start, lastEnd), range, kind: rowsFollow ? 'copyIn' : 'sql' };
  return { piece: { kind: 'statement', range: { start, end: pieceEnd }, statement }, rowsFollow };
}

/** psql commands that send what was typed before them; others in the middle of a line are left for Postgres to refuse. */
const sends = /^\\(?:;|(?:g|gx|gexec|gset|gdesc|crosstabview|watch|bind|bind_named|parse|sendpipeline)(?!\w))/;

/** Longer than any of them. */
const longestCommand = 20;

function endsForPsql(sql: string, at: number, limit: number): boolean {
  const command = sql.slice(at, Math.min(limit, at + longestCommand));
  return sends.test(command) || (/^\\[A-Za-z!?]/.test(command) && beginsLine(sql, at));
}

function beginsLine(sql: string, at: number): boolean {
  while (sql[at - 1] === ' ' || sql[at - 1] === '\t') at--;
  return sql[at - 1] === '\n' || sql[at - 1] === '\r';
}

/** Watches a statement go by, for the few forms that hold semicolons or are followed by rows. */
interface StatementForm {
  next(sql: string, lexeme: Lexeme): void;
  readonly semicolonEnds: boolean;
  readonly copiesIn: boolean;
}

function statementForm(): StatementForm {
  const opening: string[] = [];
  let form: 'copy' | 'rule' | 'routine' | 'other' | undefined;
  let [depth, blocks] = [0, 0];
  let previous = '';
  let copiesIn = false;
  return {
    next(sql, { kind, start, end }) {
      if (form === 'other') return;
      const text =
        kind === 'word' ? sql.slice(start, end).toLowerCase() : kind === 'punctuation' ? sql.slice(start, end) : '';
      if (form === undefined) form = formOf(opening, text);
      // Only a table can be copied into.
      if (form === 'copy' && previous === 'copy' && text === '(') form = 'other';
      if (text === '(') depth++;
      else if (text === ')') depth = Math.max(0, depth - 1);
      else if (depth === 0) {
        if (form === 'routine') blocks = Math.max(0, blocks + blockStep(previous, text, blocks));
        else if (form === 'copy') copiesIn ||= previous === 'from' && (text === 'stdin' || text === 'stdout');
      }
      previous = text;
    },
    get semicolonEnds() {
      return blocks === 0 && !(form === 'rule' && depth > 0);
    },
    get copiesIn() {
      return copiesIn;
    },
  };
}

/** @returns undefined as long as the first words leave it open; they are collected in `opening` */
function formOf(opening: string[], word: string): 'copy' | 'rule' | 'routine' | 'other' | undefined {
  opening.push(word);
  if (word === 'copy' && opening.length === 1) return 'copy';
  if (opening[0] !== 'create') return 'other';
  switch (word) {
    case 'create':
    case 'or':
    case 'replace':
      return opening.length > 3 ? 'other' : undefined;
    case 'function':
    case 'procedure':
      return 'routine';
    case 'rule':
      return 'rule';
    default:
      return 'other';
  }
}

/** How BEGIN ATOMIC … END and the CASE … END in it nest; after AS or a dot these words are names. */
function blockStep(previous: string, word: string, blocks: number): number {
  if (previous === 'as' || previous === '.') return 0;
  if (word === 'atomic' && previous === 'begin') return 1;
  if (blocks === 0) return 0;
  return word === 'case' ? 1 : word === 'end' ? -1 : 0;
}

/** Rows go up to a line that is `\.`, or to the end, as psql reads them. */
function rowsAt(sql: string, start: number, limit: number): { readonly dataEnd: number; readonly end: number } {
  for (let at = sql.indexOf('\\.', start); at >= 0 && at < limit; at = sql.indexOf('\\.', at + 2)) {
    if (at > start && sql[at - 1] !== '\n') continue;
    const lineEnd = sql[at + 2] === '\r' && at + 2 < limit ? at + 3 : at + 2;
    if (lineEnd >= limit) return { dataEnd: at, end: limit };
    if (sql[lineEnd] === '\n') return { dataEnd: at, end: lineEnd + 1 };
  }
  return { dataEnd: limit, end: limit };
}

function endOfLineBreak(sql: string, at: number, limit: number): number {
  if (at < limit && sql[at] === '\r') at++;
  if (at < limit && sql[at] === '\n') at++;
  return at;
}
