/** Comments that begin with dashes. */
import type { TextRange } from '../../base/text';
import { lexemeAt } from '../../sql/lexer';
import type { TextLine } from './reading';

/** From the dashes to the last word: of a comment line all of it, else behind the last dashes. */
export function dashedPart({ start, text }: TextLine): TextRange | undefined {
  const indent = text.length - text.trimStart().length;
  const at = text.startsWith('--', indent) ? indent : text.lastIndexOf('--');
  return at < 0 ? undefined : { start: start + at, end: start + text.trimEnd().length };
}

/**
 * Where those begin that stand in no body, string or other comment.
 *
 * @param until the last offset of interest
 */
export function commentStarts(text: string, until: number): ReadonlySet<number> {
  const starts = new Set<number>();
  for (let at = 0; at < text.length && at <= until; ) {
    const { kind, end } = lexemeAt(text, at, text.length);
    if (kind === 'comment') starts.add(at);
    at = end;
  }
  return starts;
}
