/** The statements of a script, cut as its tool sends them. */
import type { TextRange } from '../base/text';
import { lexemeAt } from '../sql/lexer';
import { statementsOf } from '../sql/scan';
import type { Statement } from '../sql/statement';
import type { Script } from './layout';

/** @param text the whole file; ranges are those of it */
export const statementsIn = (text: string, { range, pieces }: Pick<Script, 'range' | 'pieces'>): Statement[] =>
  pieces ? pieces.flatMap((piece) => statementIn(text, piece) ?? []) : statementsOf(text, range);

/** All of the piece that Postgres finds something in, torn or not; undefined when that is nothing. */
function statementIn(text: string, piece: TextRange): Statement | undefined {
  let [start, last] = [piece.end, piece.start];
  for (let at = piece.start; at < piece.end; ) {
    const { kind, end } = lexemeAt(text, at, piece.end);
    const lexeme = text.slice(at, end);
    const isOpen = lexeme.startsWith('/*') && !lexeme.endsWith('*/');
    if (lexeme !== ';' && kind !== 'space' && (kind !== 'comment' || isOpen)) {
      start = Math.min(start, at);
      last = end;
    }
    at = end;
  }
  if (start >= last) return undefined;
  return { text: text.slice(start, last), range: { start, end: last }, kind: 'sql' };
}
