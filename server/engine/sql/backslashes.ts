/** A text as Postgres reads it where a backslash escapes in plain strings (`standard_conforming_strings = off`). */
import { lexemeAt } from './lexer';

/** @returns the same in strings that say so; undefined when they end where they end otherwise, too */
export const withBackslashes = (text: string): string | undefined =>
  text.includes(`\\'`) ? escaping(text) : undefined;

function escaping(text: string): string {
  let made = '';
  for (let at = 0; at < text.length; ) {
    const { kind, start, end } = lexemeAt(text, at, text.length, false);
    const lexeme = text.slice(start, end);
    // A word may stand right before it.
    if (kind === 'string' && lexeme.startsWith(`'`)) made += ` E${lexeme}`;
    else if (kind === 'dollarString')
      made += lexeme.replace(dollarQuoted, (_, tag: string, code: string) => `${tag}${escaping(code)}${tag}`);
    else made += lexeme;
    at = end;
  }
  return made;
}

const dollarQuoted = /^(\$[^$]*\$)([^]*)\1$/;
