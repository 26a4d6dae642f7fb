/** Lays out the statements of a script with sql-formatter, and touches nothing else. Pure, so that tests need no connection. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { formatDialect, postgresql } from 'sql-formatter';
import type { Edit, TextRange } from '../engine/base/text';
import { type Piece, scan } from '../engine/sql/scan';
import type { Statement } from '../engine/sql/statement';
import { tokensOf } from '../engine/sql/tokens';

export interface Layout {
  readonly tabSize: number;
  readonly insertSpaces: boolean;
}

/** sql-formatter needs time and memory far out of proportion for longer ones (long INSERTs, mostly). */
const longestStatement = 100_000;

/**
 * Only white space inside and directly before statements changes: comments, tool markers, psql lines, rows of COPY and
 * dollar-quoted bodies stay byte for byte, and so does each statement whose tokens would not come out the same.
 * Formatting twice is the same as formatting once.
 *
 * @param scripts parts of the text that hold SQL
 * @param within only statements that touch this part are laid out
 * @returns edits in the order of the text; none where nothing changes
 */
export async function formatEdits(
  text: string,
  scripts: readonly TextRange[],
  layout: Layout,
  within: TextRange,
  signal: AbortSignal,
): Promise<Edit[]> {
  const edits: Edit[] = [];
  const lineEnd = text.includes('\r\n') ? '\r\n' : '\n';
  // With this setting off, a backslash before a quote means something that sql-formatter does not know.
  const backslashesMatter = text.includes('standard_conforming_strings');
  for (const script of scripts) {
    let previous: Piece | undefined;
    for (const piece of scan(text, { within: script })) {
      if (piece.kind === 'blank') continue;
      const before = previous;
      previous = piece;
      if (piece.kind !== 'statement' || !touch(piece.range, within)) continue;
      const { statement } = piece;
      if (backslashesMatter && statement.text.includes('\\')) continue;
      if (followsCopyOnItsLine(text, before, statement)) continue;
      await nextTurn(undefined, { signal });
      const formatted = formatStatement(statement, layout, lineEnd);
      if (formatted === undefined) continue;
      const lead = leadOf(text, script, before, statement);
      const edit = { range: { start: lead.start, end: statement.range.end }, text: lead.text(lineEnd) + formatted };
      if (text.slice(edit.range.start, edit.range.end) !== edit.text) edits.push(edit);
    }
  }
  return edits;
}

/** @returns undefined when the statement has to stay as it is */
function formatStatement({ kind, text }: Statement, layout: Layout, documentLineEnd: string): string | undefined {
  if (kind !== 'sql' || text.length > longestStatement) return undefined;
  const crlf = text.includes('\r\n');
  const unix = crlf ? text.replaceAll('\r\n', '\n') : text;
  if (unix.includes('\r') || (crlf && /(?<!\r)\n/.test(text))) return undefined;
  const wanted = signature(unix);
  if (wanted === undefined) return undefined;
  const formatted = settledLayout(unix, layout);
  if (formatted === undefined || signature(formatted) !== wanted) return undefined;
  const lineEnd = crlf ? '\r\n' : text.includes('\n') ? '\n' : documentLineEnd;
  return formatted.replaceAll('\n', lineEnd);
}

/** sql-formatter does not always agree with itself at once. @returns undefined when it never does */
function settledLayout(sql: string, layout: Layout): string | undefined {
  let now = sql;
  for (let round = 0; round < 4; round++) {
    const next = layOut(now, layout);
    if (next === undefined || next === now) return next;
    now = next;
  }
  return undefined;
}

function layOut(sql: string, { tabSize, insertSpaces }: Layout): string | undefined {
  try {
    return formatDialect(sql, {
      dialect: postgresql,
      tabWidth: tabSize,
      useTabs: !insertSpaces,
      paramTypes: { numbered: ['$'], named: [':'], quoted: [':'] },
    }).replace(/^[ \t\n]+|[ \t\n]+$/g, '');
  } catch (error) {
    // What sql-formatter cannot parse stays as it is. Its errors have no class of their own.
    if (error instanceof Error) return undefined;
    throw error;
  }
}

/**
 * Everything about a statement that must not change: its tokens, and whether a colon touches the next one, which makes
 * it a variable of psql.
 *
 * @returns undefined when it is no plain SQL (placeholders of a tool, several statements in a body, psql in a line, a stray byte
 * order mark)
 */
function signature(sql: string): string | undefined {
  const tokens = tokensOf(sql);
  if (sql.includes('\uFEFF') || tokens.some(({ kind, text }) => kind === 'punctuation' && /[{}\\;]/.test(text)))
    return undefined;
  return tokens
    .map(({ kind, text, range }, index) => {
      const glued = text.endsWith(':') && tokens[index + 1]?.range.start === range.end;
      return `${kind} ${text}${glued ? ' glued' : ''}`;
    })
    .join('\0');
}

/** Rows of `COPY … FROM stdin` begin on the line after it: a line break in that line would make rows of the rest. */
function followsCopyOnItsLine(text: string, before: Piece | undefined, { range }: Statement): boolean {
  if (before?.kind !== 'statement' || before.statement.kind === 'sql') return false;
  return !/[\r\n]/.test(text.slice(before.range.end, range.start));
}

/** The white space before a statement: it begins its line, except after a comment or a psql line. */
function leadOf(
  text: string,
  script: TextRange,
  before: Piece | undefined,
  { range }: Statement,
): { readonly start: number; text(lineEnd: string): string } {
  let start = range.start;
  while (start > script.start && (text[start - 1] === ' ' || text[start - 1] === '\t')) start--;
  if (start === 0 || text[start - 1] === '\n' || text[start - 1] === '\r') return { start, text: () => '' };
  if (before?.range.end === start && text[start - 1] === ';') return { start, text: (lineEnd) => lineEnd };
  return { start: range.start, text: () => '' };
}

const touch = (a: TextRange, b: TextRange): boolean => a.start <= b.end && b.start <= a.end;
