/** One mistake that is put into a file: a replaced stretch of its text. */
import type { TextRange } from '../../../server/engine/base/text';
import type { Token } from '../../../server/engine/sql/tokens';
import type { Site } from './site';

export interface Mutation {
  /** What is replaced; empty for an insertion. */
  readonly range: TextRange;
  readonly text: string;
  /** The words that are wrong now, in the changed file; undefined when no words are more to blame than others. */
  readonly wrong: TextRange | undefined;
}

/** A class of mistakes. */
export interface Mutator {
  readonly name: string;
  /**
   * - `run`: Postgres says by itself whether it is one
   * - `latent`: in the body of a function that is checked only when it is called, and so accepted when it is made
   */
  readonly shows: 'run' | 'latent';
  /** Rows that it brings stay, and may be in the way of statements behind it. */
  readonly leaves?: 'rows';
  mutate(site: Site): readonly Mutation[];
}

export const mutated = (file: string, { range, text }: Mutation): string =>
  file.slice(0, range.start) + text + file.slice(range.end);

/** @param wrong the words to blame as they stand in `text`; the last time they do */
export function replacement(range: TextRange, text: string, wrong?: string): Mutation {
  const at = wrong === undefined ? -1 : text.lastIndexOf(wrong);
  const start = range.start + at;
  return { range, text, wrong: wrong === undefined || at < 0 ? undefined : { start, end: start + wrong.length } };
}

export function misspelling({ range, text }: Pick<Token, 'range' | 'text'>): Mutation {
  const written = misspelt(text);
  return replacement(range, written, written);
}

/** Two letters change places, as fingers do it: `users` is `usesr`. Quotes stay. */
export function misspelt(name: string): string {
  for (let i = name.length - 1; i > 0; i--) {
    const [left = '', right = ''] = [name[i - 1], name[i]];
    if (/\w/.test(left) && /[a-z_]/i.test(right) && left.toLowerCase() !== right.toLowerCase() && !/\d/.test(left))
      return `${name.slice(0, i - 1)}${right}${left}${name.slice(i + 1)}`;
  }
  return name.replace(/\w/, '$&$&');
}

/** A statement more, before this one. */
export const before = ({ statement }: Site, sql: string, wrong?: string): Mutation => {
  const { start } = statement.range;
  return replacement({ start, end: start }, `${sql};\n`, wrong);
};

/** A statement more, after this one; the semicolon of this one ends it. */
export const after = ({ statement }: Site, sql: string, wrong?: string): Mutation => {
  const { end } = statement.range;
  return replacement({ start: end, end }, `;\n${sql}`, wrong);
};
