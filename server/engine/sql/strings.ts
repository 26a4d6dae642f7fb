/** What a quoted token says, and where each of its characters is written. */
import { continuation } from './lexer';

export interface StringValue {
  /** The value: quotes, doubled quotes and escapes taken away, continued lines joined. */
  readonly text: string;
  /**
   * Where a character of the value is written.
   *
   * @param index 0 to `text.length`, in UTF-16 code units
   * @returns offset in the token
   */
  readonly offsetOf: (index: number) => number;
}

/**
 * Reads a string, a dollar-quoted string or a quoted identifier. Never fails: what is open ends with the token, an
 * escape that means nothing stands for itself.
 *
 * @param token one whole token, as `tokensOf` gives it
 * @param conforming `standard_conforming_strings`
 */
export function readString(token: string, conforming = true): StringValue {
  const opening = token.search(/['"$]/);
  if (opening < 0) return unchanged(token, 0, token.length);
  if (token[opening] === '$') {
    const tag = token.slice(opening, token.indexOf('$', opening + 1) + 1);
    const closed = token.length >= 2 * tag.length && token.endsWith(tag);
    return unchanged(token, opening + tag.length, closed ? token.length - tag.length : token.length);
  }
  return readQuoted(token, opening, escapesOf(token, opening, conforming));
}

/** Token kinds that `readString` reads as text in quotes. */
export const isStringToken = (kind: string): boolean => kind === 'string' || kind === 'dollarString';

type Escapes = 'none' | 'backslash' | 'unicode';

function unchanged(token: string, start: number, end: number): StringValue {
  return { text: token.slice(start, end), offsetOf: (index) => start + index };
}

function escapesOf(token: string, opening: number, conforming: boolean): Escapes {
  switch (token.slice(0, opening).toLowerCase()) {
    case 'e':
      return 'backslash';
    case 'u&':
      return 'unicode';
    case 'b':
    case 'x':
      return 'none';
    default:
      return conforming || token[opening] === '"' ? 'none' : 'backslash';
  }
}

function readQuoted(token: string, opening: number, escapes: Escapes): StringValue {
  const quote = token[opening] ?? "'";
  const pattern = PATTERNS[escapes];
  const parts: string[] = [];
  const offsets: number[] = [];
  const add = (value: string, at: number, width: number): void => {
    parts.push(value);
    for (let n = 0; n < value.length; n++) offsets.push(at + (width === value.length ? n : 0));
  };
  let at = opening + 1;
  while (at < token.length) {
    pattern.lastIndex = at;
    const escape = pattern.exec(token)?.[0];
    if (token[at] !== quote) {
      add(escape === undefined ? (token[at] ?? '') : meaningOf(escape), at, escape?.length ?? 1);
      at += escape?.length ?? 1;
    } else if (token[at + 1] === quote) {
      add(quote, at, 2);
      at += 2;
    } else {
      const next = continuation(token, at + 1, token.length);
      if (next < 0) break;
      at = next + 1;
    }
  }
  const text = parts.join('');
  return { text, offsetOf: (index) => offsets[index] ?? at };
}

const PATTERNS: Readonly<Record<Escapes, RegExp>> = {
  none: /(?!)/y,
  backslash: /\\(?:[0-7]{1,3}|x[\da-fA-F]{1,2}|u[\da-fA-F]{4}|U[\da-fA-F]{8}|[\s\S])/y,
  unicode: /\\(?:\\|[\da-fA-F]{4}|\+[\da-fA-F]{6})/y,
};

const LETTERS: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' };

/** Octal and hexadecimal escapes give bytes; here each byte is one character, which is true of ASCII. */
function meaningOf(escape: string): string {
  const digits = /^\\([uU+xX]?)([\da-fA-F]+)$/.exec(escape);
  if (!digits) return LETTERS[escape.slice(1)] ?? escape.slice(1);
  const [, prefix = '', number = ''] = digits;
  const octal = prefix === '' && number.length < 4;
  if (octal && !/^[0-7]+$/.test(number)) return LETTERS[number] ?? number;
  const code = Number.parseInt(number, octal ? 8 : 16);
  return code <= 0x10ffff ? String.fromCodePoint(code) : escape.slice(1);
}
