/** The clauses of ALTER TABLE as they are written, for what the catalogs do not keep. */
import { type Token, tokensOf } from './tokens';

/** The expression behind USING, as written. */
export interface Using {
  readonly text: string;
  /** What is cast, when the expression is nothing but a cast. */
  readonly cast: string | undefined;
}

/** @returns the texts between the commas outside of parentheses; the first one begins with the statement */
export function clausesOf(text: string): string[] {
  const tokens = tokensOf(text).filter(({ kind }) => kind !== 'comment');
  const commas = atTop(tokens).filter((it) => it.text === ',');
  const starts = [0, ...commas.map(({ range }) => range.end)];
  return starts.map((start, i) => text.slice(start, commas[i]?.range.start ?? text.length));
}

/** The expression behind USING. */
export function usingOf(clause: string): Using | undefined {
  const tokens = tokensOf(clause).filter(({ kind }) => kind !== 'comment');
  const using = atTop(tokens).find(({ kind, text }) => kind === 'word' && text.toLowerCase() === 'using');
  if (!using) return undefined;
  const inside = tokens.slice(tokens.indexOf(using) + 1);
  return { text: textOf(clause, inside), cast: castIn(clause, inside) };
}

/** `x::type`, `cast(x as type)`, in parentheses or not. */
function castIn(clause: string, written: readonly Token[]): string | undefined {
  const tokens = unwrapped(written);
  const colons = atTop(tokens).findLast(({ text }) => text === '::');
  if (colons) {
    const at = tokens.indexOf(colons);
    return isTypeName(tokens.slice(at + 1)) && isOperand(tokens.slice(0, at))
      ? textOf(clause, tokens.slice(0, at))
      : undefined;
  }
  const [first, ...rest] = tokens;
  if (first?.text.toLowerCase() !== 'cast' || unwrapped(rest).length === rest.length) return undefined;
  const inside = unwrapped(rest);
  const as = atTop(inside).findLast(({ kind, text }) => kind === 'word' && text.toLowerCase() === 'as');
  return as && textOf(clause, inside.slice(0, inside.indexOf(as)));
}

/** A name with dots, a number in parentheses, brackets: nothing that could be more of an expression. */
const isTypeName = (tokens: readonly Token[]): boolean =>
  tokens.length > 0 &&
  tokens.every(({ kind, text }) => ['word', 'quotedIdentifier', 'number'].includes(kind) || /^[.()[\],]$/.test(text));

/** What `::` binds to: it binds closer than every operator, so that nothing but names, calls and other casts stands there. */
const isOperand = (tokens: readonly Token[]): boolean =>
  atTop(tokens).every(
    ({ kind, text }) =>
      kind !== 'operator' && !(kind === 'word' && /^(?:and|or|not|is|in|like|ilike|between|at|collate)$/i.test(text)),
  );

/** Without the parentheses around the whole. */
function unwrapped(tokens: readonly Token[]): readonly Token[] {
  let inside = tokens;
  while (inside.length > 2 && inside[0]?.text === '(' && closes(inside) === inside.length - 1)
    inside = inside.slice(1, -1);
  return inside;
}

/** The index of what closes the first parenthesis. */
function closes(tokens: readonly Token[]): number {
  let depth = 0;
  return tokens.findIndex(({ text }) => {
    depth += depthOf(text);
    return depth === 0;
  });
}

/** The tokens outside of all parentheses and brackets; those themselves are left out. */
function atTop(tokens: readonly Token[]): Token[] {
  let depth = 0;
  return tokens.filter(({ text }) => {
    const change = depthOf(text);
    depth += change;
    return depth === 0 && change === 0;
  });
}

const depthOf = (text: string): number => (text === '(' || text === '[' ? 1 : text === ')' || text === ']' ? -1 : 0);

const textOf = (clause: string, tokens: readonly Token[]): string =>
  clause.slice(tokens[0]?.range.start ?? 0, tokens.at(-1)?.range.end ?? 0);
