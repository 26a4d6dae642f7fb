/** What becomes of a statement that is to be run twice, and its text as its treatment needs it. */
import type { TextRange } from '../base/text';
import { type Token, tokensOf } from '../sql/tokens';

export type Treatment =
  /** Run again it changes nothing, by what it is. */
  | { readonly kind: 'kept' }
  /** Only running it tells. */
  | { readonly kind: 'tried' }
  /** Words of Postgres's own that make it so. */
  | { readonly kind: 'clauses'; readonly insertions: readonly Insertion[] }
  /** It is run in a block where this condition holds. */
  | { readonly kind: 'guarded'; readonly when: string }
  /** Its parts are run one after the other in a block, each where its condition holds. */
  | { readonly kind: 'split'; readonly parts: readonly Part[] }
  /** @property why it cannot be made so: a whole sentence */
  | { readonly kind: 'left'; readonly why: string };

/** `at` is an offset in the statement's text. */
export interface Insertion {
  readonly at: number;
  readonly text: string;
}

export interface Part {
  readonly text: string;
  /** Always, where it is left out. */
  readonly when?: string;
  /** What stood around it, each a comment. */
  readonly before: readonly string[];
  readonly behind: readonly string[];
}

export const kept: Treatment = { kind: 'kept' };
export const tried: Treatment = { kind: 'tried' };
export const left = (why: string): Treatment => ({ kind: 'left', why });
export const guarded = (when: string): Treatment => ({ kind: 'guarded', when });

/** One statement: its text and the tokens of it that mean something. */
export interface Written {
  readonly text: string;
  readonly tokens: readonly Token[];
}

export const writtenAs = (text: string, within?: TextRange): Written => ({
  text,
  tokens: tokensOf(text, within).filter(({ kind }) => kind !== 'comment'),
});

/** In lower case; '' of what is no word. */
export const wordAt = ({ tokens }: Written, index: number): string => {
  const token = tokens[index];
  return token?.kind === 'word' ? token.text.toLowerCase() : '';
};

/** Where a keyword stands first. @returns -1 where it does not */
export const indexOfWord = (written: Written, word: string): number =>
  written.tokens.findIndex((_, i) => wordAt(written, i) === word);

/** Keywords behind a token, written as the statement writes its own. */
export function clause(written: Written, index: number, words: string): Treatment {
  const insertion = behind(written, index, words);
  return insertion ? { kind: 'clauses', insertions: [insertion] } : tried;
}

export function behind({ tokens }: Written, index: number, words: string): Insertion | undefined {
  const token = tokens[index];
  if (!token) return undefined;
  return { at: token.range.end, text: ` ${isLower(tokens) ? words.toLowerCase() : words}` };
}

const isLower = ([first]: readonly Token[]): boolean => first?.text === first?.text.toLowerCase();

/** Tokens that stand in no parentheses, with the depth that they end at. */
export function outermost(tokens: readonly Token[]): readonly Token[] {
  let depth = 0;
  return tokens.filter(({ text }) => {
    if (text === '(' || text === '[') depth++;
    const isOutermost = depth === 0;
    if (text === ')' || text === ']') depth--;
    return isOutermost;
  });
}
