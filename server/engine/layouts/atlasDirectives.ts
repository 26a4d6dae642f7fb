/**
 * The directives of a file for Atlas: comment lines at its top, with an empty line behind them.
 *
 * Facts from ariga/atlas, sql/migrate/dir.go (reDirective, LocalFile.comments), and txmodeFor in
 * cmd/atlas/internal/cmdapi/migrate.go.
 */
import type { TextRange } from '../base/text';

export interface Directive {
  readonly name: string;
  readonly value: string;
  readonly range: TextRange;
}

/** Those that count. */
export function directivesOf(text: string): Directive[] {
  const { lines, end } = headOf(text);
  // A file of comments alone has a head, too.
  if (end < text.length && !/^[ \t]*\n/.test(text.slice(end))) return [];
  return lines.flatMap((it) => directiveIn(it) ?? []);
}

/** Those that would count at the top, wherever they stand. */
export function strayDirectives(text: string): Directive[] {
  const known = new Set(directivesOf(text).map(({ range }) => range.start));
  return [...text.matchAll(/^[ \t]*--[ \t]*atlas:(?:txmode|checkpoint|txtar)\b.*$/gm)].flatMap(({ index, 0: line }) => {
    const found = directiveIn({ start: index, text: line });
    return found && !known.has(index) ? [found] : [];
  });
}

/** Where the comments at the top end. */
export function headOf(text: string): { readonly lines: readonly Line[]; readonly end: number } {
  const lines: Line[] = [];
  let at = 0;
  while (text.startsWith('#', at) || text.startsWith('--', at)) {
    const feed = text.indexOf('\n', at);
    const end = feed < 0 ? text.length : feed;
    lines.push({ start: at, text: text.slice(at, end) });
    at = feed < 0 ? end : end + 1;
    if (feed < 0) break;
  }
  return { lines, end: at };
}

interface Line {
  readonly start: number;
  readonly text: string;
}

function directiveIn({ start, text }: Line): Directive | undefined {
  const trimmed = text.trim();
  const [, name, value = ''] = /^[ -~]*atlas:(\w+)(?: +(.+))*/.exec(trimmed) ?? [];
  if (name === undefined) return undefined;
  const from = start + text.indexOf(trimmed);
  return { name, value, range: { start: from, end: from + trimmed.length } };
}
