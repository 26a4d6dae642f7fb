/**
 * Literals as JSON5 and JavaScript write them, for configurations that a tool would run as a program: what has to be
 * computed is left out, and nothing is ever run.
 */

export type Literal = string | number | boolean | null | undefined | readonly Literal[] | Literals;

export interface Literals {
  readonly [name: string]: Literal;
}

/**
 * The object of a `.gmrc`, or the one that a program exports by `module.exports =` or `export default`.
 *
 * @param variables for `process.env.NAME`
 * @returns undefined when there is none; values that are no literals are undefined in it
 */
export function literalsIn(
  text: string,
  variables: Readonly<Record<string, string | undefined>> = {},
): Literals | undefined {
  const exported = /^[ \t]*(?:module\.exports\s*=|export\s+default\b)\s*/m.exec(text);
  const reader = new LiteralReader(text, exported ? exported.index + exported[0].length : 0, variables);
  const value = reader.value();
  return isLiterals(value) ? value : undefined;
}

export const isLiterals = (value: Literal): value is Literals =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f', v: '\v', 0: '\0' };

class LiteralReader {
  constructor(
    private readonly text: string,
    private at: number,
    private readonly variables: Readonly<Record<string, string | undefined>>,
  ) {}

  value(): Literal {
    this.skipBlank();
    const value = this.primary();
    this.skipBlank();
    // Where something follows it, it is part of an expression: `'a' + b`.
    if (this.at >= this.text.length || /[,}\];]/.test(this.text.charAt(this.at))) return value;
    const isProgram = this.text.startsWith('satisfies', this.at) || this.text.startsWith('as ', this.at);
    this.skipExpression();
    return isProgram ? value : undefined;
  }

  private primary(): Literal {
    const first = this.text.charAt(this.at);
    if (first === '{') return this.object();
    if (first === '[') return this.array();
    if (first === '"' || first === "'" || first === '`') return this.string(first);
    const [word = ''] = /^[-+.\w$]+/.exec(this.text.slice(this.at, this.at + 200)) ?? [];
    this.at += word.length;
    if (word === 'true' || word === 'false') return word === 'true';
    if (word === 'null') return null;
    if (word.startsWith('process.env.')) return this.variables[word.slice('process.env.'.length)];
    return word !== '' && Number.isFinite(Number(word)) ? Number(word) : undefined;
  }

  private object(): Literals {
    const entries: [string, Literal][] = [];
    for (this.at++, this.skipBlank(); this.isInside('}'); this.skipSeparator()) {
      const key = this.key();
      this.skipBlank();
      if (key === undefined || this.text[this.at] !== ':') {
        this.skipExpression();
        continue;
      }
      this.at++;
      entries.push([key, this.value()]);
    }
    this.at++;
    return Object.fromEntries(entries);
  }

  private array(): readonly Literal[] {
    const values: Literal[] = [];
    for (this.at++, this.skipBlank(); this.isInside(']'); this.skipSeparator()) values.push(this.value());
    this.at++;
    return values;
  }

  private key(): string | undefined {
    const first = this.text.charAt(this.at);
    if (first === '"' || first === "'") return this.string(first);
    const [word] = /^[\p{L}\p{N}_$]+/u.exec(this.text.slice(this.at, this.at + 200)) ?? [];
    this.at += word?.length ?? 0;
    return word;
  }

  private string(quote: string): string | undefined {
    let value = '';
    let computed = false;
    for (this.at++; this.at < this.text.length; this.at++) {
      const character = this.text.charAt(this.at);
      if (character === quote) break;
      if (quote === '`' && this.text.startsWith('${', this.at)) computed = true;
      value += character === '\\' ? this.escaped() : character;
    }
    this.at++;
    return computed ? undefined : value;
  }

  private escaped(): string {
    const character = this.text.charAt(++this.at);
    const code = /^(?:u([0-9a-f]{4})|x([0-9a-f]{2}))/i.exec(this.text.slice(this.at, this.at + 5));
    if (code) {
      this.at += code[0].length - 1;
      return String.fromCharCode(Number.parseInt(code[1] ?? code[2] ?? '0', 16));
    }
    return character === '\n' ? '' : (escapes[character] ?? character);
  }

  private isInside(closing: string): boolean {
    return this.at < this.text.length && this.text[this.at] !== closing;
  }

  private skipSeparator(): void {
    this.skipBlank();
    if (this.text[this.at] === ',') this.at++;
    else if (!/[}\]]/.test(this.text.charAt(this.at))) this.at++;
    this.skipBlank();
  }

  private skipBlank(): void {
    const blank = /(?:[\s\uFEFF]|\/\/[^\n]*|\/\*(?:[^]*?\*\/|[^]*))*/y;
    blank.lastIndex = this.at;
    this.at += blank.exec(this.text)?.[0].length ?? 0;
  }

  /** Up to the comma or bracket that ends it. */
  private skipExpression(): void {
    for (let depth = 0; this.at < this.text.length; this.at++) {
      const character = this.text.charAt(this.at);
      if (character === '"' || character === "'" || character === '`') {
        this.string(character);
        this.at--;
      } else if (/[({[]/.test(character)) depth++;
      else if (depth === 0 && /[,;}\])]/.test(character)) return;
      else if (/[)}\]]/.test(character)) depth--;
    }
  }
}
