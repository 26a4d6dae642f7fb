/**
 * Where Atlas ends the statements of a file.
 *
 * Facts from ariga/atlas, sql/migrate/lex.go, with the options of ScanStmts in sql/postgres/driver.go. Its scanner knows
 * quotes, dollar quotes, comments, parentheses, BEGIN … END, and a delimiter that the file names; no more.
 */
import { type Finder, finderIn } from '../base/sorted';
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
    const scanner = new Scanner(new Source(text.slice(0, within.end)), start, delimiter);
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
const dollarQuote = /\$(?:[A-Za-zÈ-ÿ_][\wÈ-ÿ]*)?\$/y;
const blank = /[\t\n\f\r ]*/y;
const begin = /BEGIN[\t\n\f\r ]+/iy;
const atomic = /ATOMIC[\t\n\f\r ]+/iy;
const end = /^[\t\n\f\r ]*END[\t\n\f\r ]*/i;

/** Where the words end that begin a block. */
interface Beginning {
  /** Of BEGIN, and the white space behind it. */
  readonly plain: number;
  /** Of ATOMIC, too. */
  readonly atomic: number | undefined;
}

/** The text, and what is known of it to all who read in it: each would look for it anew. */
class Source {
  readonly next: Finder;
  /** Where a block begins that is known to have no end. */
  private readonly hopeless = new Set<string>();
  /** Characters that may still be read for blocks of which some have no end: they stand in each other, and each goes on. */
  patience: number;
  private last: { readonly from: number; readonly to: number; readonly found: Beginning | undefined } | undefined;

  constructor(readonly text: string) {
    this.next = finderIn(text);
    this.patience = 3 * text.length + 100_000;
  }

  /** The block that begins at an offset, or behind the white space there. */
  beginningAt(at: number): Beginning | undefined {
    // Within the white space before it, it is the same one.
    if (this.last && this.last.from <= at && at <= this.last.to) return this.last.found;
    const to = endAt(blank, this.text, at) ?? at;
    const plain = endAt(begin, this.text, to);
    const found = plain === undefined ? undefined : { plain, atomic: endAt(atomic, this.text, plain) };
    this.last = { from: at, to, found };
    return found;
  }

  isHopeless(block: string): boolean {
    return this.patience < 0 || this.hopeless.has(block);
  }

  gaveUp(block: string): void {
    this.hopeless.add(block);
  }
}

/** Deeper in each other no blocks stand that a person has written. */
const deepest = 100;

class Scanner {
  /** Behind what has been read. */
  at: number;
  private readonly text: string;

  constructor(
    private readonly source: Source,
    private start: number,
    private delimiter: string,
    private readonly depth = 0,
  ) {
    this.text = source.text;
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
      if (this.depth > 0 && this.source.patience-- < 0) throw new Trouble('no end of a block', this.start);
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
    const opening = endAt(dollarQuote, this.text, this.at - 1);
    if (opening === undefined) return;
    const tag = this.text.slice(this.at - 1, opening);
    const close = this.text.indexOf(tag, this.at - 1 + tag.length);
    this.at = close < 0 ? this.text.length : close + tag.length;
  }

  /** One before a statement is no part of it. */
  private skipComment(left: string, right: string): void {
    const close = this.source.next(right, ++this.at);
    if (close === Infinity) return;
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
    let block = this.source.beginningAt(this.at - 1);
    if (block?.atomic !== undefined) {
      this.at = block.atomic;
      if (this.skipBody('atomic')) return true;
      block = this.source.beginningAt(this.at - 1);
    }
    if (block === undefined) return false;
    // At the beginning of the statement, or behind white space.
    if (this.at > this.start + 1 && !/[\t\n\f\r ]/.test(this.text.charAt(this.at - 2))) return false;
    this.at = block.plain;
    return this.skipBody('plain');
  }

  private skipBody(kind: keyof typeof endsBlock): boolean {
    const block = `${kind} ${this.at}`;
    if (this.depth >= deepest || this.source.isHopeless(block)) return false;
    const body = new Scanner(this.source, this.at, ';', this.depth + 1);
    try {
      for (let next = body.statement(); next; next = body.statement())
        if (endsBlock[kind](next.text)) {
          this.source.patience += body.at - this.at;
          this.at = body.at;
          return true;
        }
    } catch (error) {
      if (!(error instanceof Trouble)) throw error;
    }
    this.source.gaveUp(block);
    return false;
  }
}

const endsBlock = {
  atomic: (text: string): boolean => end.test(text),
  plain: (text: string): boolean => [text, text.slice(0, -1)].includes(end.exec(text)?.[0] ?? ' ') && end.test(text),
} as const;

function endAt(pattern: RegExp, text: string, at: number): number | undefined {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : undefined;
}
