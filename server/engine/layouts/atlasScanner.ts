/**
 * Where Atlas ends the statements of a file.
 *
 * Facts from ariga/atlas, sql/migrate/lex.go, with the options of ScanStmts in sql/postgres/driver.go. Its scanner knows
 * quotes, dollar quotes, comments, parentheses, BEGIN … END, and a delimiter that the file names; no more.
 */
import type { TextRange } from '../base/text';

export interface AtlasStatement {
  /** As it is sent and hashed: with its semicolon, without another delimiter. */
  readonly text: string;
  /** Of what is written, with the delimiter. */
  readonly range: TextRange;
}

export interface AtlasScan {
  readonly statements: readonly AtlasStatement[];
  /** Why Atlas gives up, and where. */
  readonly trouble?: { readonly at: number; readonly says: string };
}

/** Never throws. */
export function scanAtlas(text: string, within: TextRange = { start: 0, end: text.length }): AtlasScan {
  const statements: AtlasStatement[] = [];
  try {
    const [start, delimiter] = delimiterOf(text, within);
    const scanner = new Scanner(text.slice(0, within.end), start, delimiter);
    for (let next = scanner.statement(); next; next = scanner.statement()) statements.push(next);
    return { statements };
  } catch (error) {
    if (!(error instanceof Trouble)) throw error;
    return { statements, trouble: { at: error.at, says: error.message } };
  }
}

/** The first line may name one. */
function delimiterOf(text: string, { start, end }: TextRange): [number, string] {
  const match = /^-- atlas:delimiter(?: +([^\n]+))?/.exec(text.slice(start, end));
  if (!match) return [start, ';'];
  const line = text.indexOf('\n', start);
  if (line < 0) throw new Trouble(`no input found after delimiter "${match[1] ?? ''}"`, start);
  return [line + 1, named(match[1] ?? '', start)];
}

function named(delimiter: string, at: number): string {
  if (delimiter === '') throw new Trouble('empty delimiter', at);
  return delimiter.replaceAll(/\\([nrt])/g, (_, letter: string) => unescaped[letter] ?? letter);
}

const unescaped: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };

class Trouble extends Error {
  constructor(
    says: string,
    readonly at: number,
  ) {
    super(says);
  }
}

/** Go's regular expressions: white space is ASCII's. */
const dollarQuote = /\$(?:[A-Za-zÈ-ÿ_][\wÈ-ÿ]*)*\$/y;
const beginAtomic = /[\t\n\f\r ]*BEGIN[\t\n\f\r ]+ATOMIC[\t\n\f\r ]+/iy;
const begin = /[\t\n\f\r ]*BEGIN[\t\n\f\r ]+/iy;
const end = /^[\t\n\f\r ]*END[\t\n\f\r ]*/i;

class Scanner {
  /** Behind what has been read. */
  at: number;

  /** @param hopeless where a block that begins is known to have no end: each would be looked for within each other */
  constructor(
    private readonly text: string,
    private start: number,
    private delimiter: string,
    private readonly hopeless = new Set<string>(),
  ) {
    this.at = start;
  }

  statement(): AtlasStatement | undefined {
    this.skipSpace();
    let [depth, opening] = [0, 0];
    for (;;) {
      if (this.at >= this.text.length) {
        if (depth > 0) throw new Trouble("unclosed '('", opening);
        return this.at > this.start ? this.cut(this.text.length) : undefined;
      }
      const character = String.fromCodePoint(this.text.codePointAt(this.at) ?? 0);
      this.at += character.length;
      if (character === '(') {
        if (depth++ === 0) opening = this.at - 1;
      } else if (character === ')') {
        if (depth-- === 0) throw new Trouble("unexpected ')'", this.at - 1);
      } else if (character === "'" || character === '"' || character === '`') this.skipQuote(character);
      else if (this.isAtDelimiterCommand()) this.readDelimiterCommand();
      else if (depth === 0 && this.text.startsWith(this.delimiter, this.at - character.length)) {
        this.at += this.delimiter.length - character.length;
        return this.cut(this.at);
      } else if (character === '$') this.skipDollarQuote();
      else if (character === '-' && this.text[this.at] === '-') this.skipComment('--', '\n');
      else if (character === '/' && this.text[this.at] === '*') this.skipComment('/*', '*/');
      else if (/[\sb]/i.test(character) && this.skipBlock()) return this.cut(this.at);
    }
  }

  private cut(to: number): AtlasStatement {
    const whole = this.text.slice(this.start, to);
    const range = { start: this.start, end: this.start + whole.trimEnd().length };
    const isPlain = this.delimiter === ';';
    const text = !isPlain && whole.endsWith(this.delimiter) ? whole.slice(0, -this.delimiter.length) : whole;
    [this.start, this.at] = [to, to];
    return { text: text.trim(), range };
  }

  private skipSpace(): void {
    while (/\s/.test(this.text.charAt(this.start))) this.start++;
    this.at = this.start;
  }

  private skipQuote(quote: string): void {
    const from = this.at;
    const escapes = quote === "'" && /[eE]/.test(this.text.charAt(from - 2));
    for (; ; this.at++) {
      if (this.at >= this.text.length) throw new Trouble(`unclosed quote ${quote}`, from - 1);
      if (escapes && this.text[this.at] === '\\') this.at++;
      else if (this.text[this.at] === quote) break;
    }
    this.at++;
  }

  private skipDollarQuote(): void {
    const tag = matchAt(dollarQuote, this.text, this.at - 1);
    if (tag === undefined) return;
    const close = this.text.indexOf(tag, this.at - 1 + tag.length);
    this.at = close < 0 ? this.text.length : close + tag.length;
  }

  /** One before a statement is no part of it. */
  private skipComment(left: string, right: string): void {
    const close = this.text.indexOf(right, ++this.at);
    if (close < 0) return;
    const isBefore = this.at - this.start === left.length;
    this.at = close + right.length;
    if (!isBefore) return;
    this.start = this.at;
    this.skipSpace();
  }

  /** `DELIMITER //` of MySQL's client at the beginning of a statement. */
  private isAtDelimiterCommand(): boolean {
    return this.at === this.start + 1 && /^delimiter(?=.)/i.test(this.text.slice(this.start, this.start + 10));
  }

  private readDelimiterCommand(): void {
    this.at = this.start + 'delimiter'.length;
    if (this.text[this.at] !== ' ') return;
    const line = this.text.indexOf('\n', this.at);
    const to = line < 0 ? this.text.length : line + 1;
    const written = this.text.slice(this.at, to).trim();
    const isQuoted = written.length > 1 && written.startsWith("'") && written.endsWith("'");
    this.delimiter = named(isQuoted ? written.slice(1, -1).replaceAll("''", "'") : written, this.start);
    this.start = to;
    this.skipSpace();
  }

  /** Whether the statement ends with a block that begins here. */
  private skipBlock(): boolean {
    if (this.delimiter !== ';') return false;
    const atomic = matchAt(beginAtomic, this.text, this.at - 1);
    if (atomic !== undefined) {
      this.at += atomic.length - 1;
      if (this.skipBody('atomic')) return true;
    }
    const opening = matchAt(begin, this.text, this.at - 1);
    if (opening === undefined) return false;
    // At the beginning of the statement, or behind white space.
    if (this.at > this.start + 1 && matchAt(begin, this.text, this.at - 2) === undefined) return false;
    this.at += opening.length - 1;
    return this.skipBody('plain');
  }

  private skipBody(kind: keyof typeof endsBlock): boolean {
    const place = `${kind} ${this.at}`;
    if (this.hopeless.has(place)) return false;
    const body = new Scanner(this.text, this.at, ';', this.hopeless);
    try {
      for (let next = body.statement(); next; next = body.statement())
        if (endsBlock[kind](next.text)) {
          this.at = body.at;
          return true;
        }
    } catch (error) {
      if (!(error instanceof Trouble)) throw error;
    }
    this.hopeless.add(place);
    return false;
  }
}

const endsBlock = {
  atomic: (text: string): boolean => end.test(text),
  plain: (text: string): boolean => [text, text.slice(0, -1)].includes(end.exec(text)?.[0] ?? ' ') && end.test(text),
} as const;

function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  if (at < 0) return undefined;
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}
