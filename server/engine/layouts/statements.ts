/** The statements of a script, cut as its tool sends them. */
import type { TextRange } from '../base/text';
import { lexemeAt } from '../sql/lexer';
import { statementsOf } from '../sql/scan';
import type { Statement } from '../sql/statement';
import type { Script } from './layout';

type Stretch = Pick<Script, 'range' | 'pieces'>;

/** Several ask about each script of a long history. */
const known = new WeakMap<Stretch, { readonly text: string; readonly statements: readonly Statement[] }>();

/** @param text the whole file; ranges are those of it */
export function statementsIn(text: string, script: Stretch): readonly Statement[] {
  const former = known.get(script);
  if (former?.text === text) return former.statements;
  const { range, pieces } = script;
  const statements = pieces ? pieces.flatMap((piece) => statementIn(text, piece) ?? []) : statementsOf(text, range);
  known.set(script, { text, statements });
  return statements;
}

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
