/**
 * Do two texts say the same to Postgres? White space and comments between tokens do not count; all else does.
 *
 * The case of letters counts too: Postgres's messages repeat words as they were written.
 */
import { type Lexeme, lexemeAt } from './lexer';
import { remembered } from './remembered';

/** No token holds it, save within quotes, which it cannot end. */
const separator = '\u0001';

/** The tokens of a statement, put together so that no two statements with other tokens have the same form. */
export const normalForm: (text: string) => string = remembered(freshForm);

function freshForm(text: string): string {
  let form = '';
  let former: Lexeme | undefined;
  for (const lexeme of significant(text)) {
    if (former && !(former.end === lexeme.start && clings(former))) form += separator;
    form += text.slice(lexeme.start, lexeme.end);
    former = lexeme;
  }
  return form;
}

/**
 * Where an offset in one text stands in another one of the same normal form. Between two tokens, and behind the last
 * one, it stays with the token before it.
 */
export function movedOffset(offset: number, from: string, to: string): number {
  if (from === to) return offset;
  const others = significant(to);
  let moved = offset;
  for (const { start, end } of significant(from)) {
    const other = others.next();
    if (other.done || start > offset) return moved;
    moved = other.value.start + Math.min(offset - start, end - start);
  }
  return moved;
}

/** Directly behind a number, letters are junk to Postgres, and a name when there is white space between. */
const clings = ({ kind }: Lexeme): boolean => kind === 'number' || kind === 'param';

function* significant(text: string): Generator<Lexeme, undefined> {
  for (let at = 0; at < text.length; ) {
    const lexeme = lexemeAt(text, at, text.length);
    if (lexeme.kind !== 'space' && lexeme.kind !== 'comment') yield lexeme;
    at = lexeme.end;
  }
}
