/** Reads the tokens of a PL/pgSQL body one after the other. */
import type { TextRange } from '../../base/text';
import { foldedName, type Token, tokensOf } from '../tokens';

/** The text is not what this reader expects. Postgres may know better; nothing is said about such a body. */
export class Unreadable extends Error {}

export class Reader {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(readonly text: string) {
    this.#tokens = tokensOf(text).filter(({ kind }) => kind !== 'comment');
  }

  /** @param ahead how many tokens further */
  peek(ahead = 0): Token | undefined {
    return this.#tokens[this.#at + ahead];
  }

  /** Lower case; empty at the end. Quoted identifiers and strings are no words. */
  word(ahead = 0): string {
    const token = this.peek(ahead);
    return token && token.kind !== 'quotedIdentifier' ? token.text.toLowerCase() : '';
  }

  isAt(...words: readonly string[]): boolean {
    return words.every((word, n) => this.word(n) === word);
  }

  next(): Token {
    const token = this.peek();
    if (!token) throw new Unreadable('the body ends too early');
    this.#at++;
    return token;
  }

  /** Steps over these words when they are next. */
  take(...words: readonly string[]): boolean {
    const there = this.isAt(...words);
    if (there) this.#at += words.length;
    return there;
  }

  expect(...words: readonly string[]): void {
    if (!this.take(...words)) throw new Unreadable(`${words.join(' ')} expected at ${this.offset}`);
  }

  /** Where the next token begins. */
  get offset(): number {
    return this.peek()?.range.start ?? this.text.length;
  }

  /** Where the last token ended. */
  get end(): number {
    return this.#tokens[this.#at - 1]?.range.end ?? 0;
  }

  get atName(): boolean {
    const kind = this.peek()?.kind;
    return kind === 'word' || kind === 'quotedIdentifier' || kind === 'param';
  }

  name(): Token {
    if (!this.atName) throw new Unreadable(`a name expected at ${this.offset}`);
    return this.next();
  }

  /** `name.part.part`; @returns its first part folded and the whole as written */
  path(): { readonly first: string; readonly range: TextRange; readonly plain: boolean } {
    const first = this.name();
    while (this.isAt('.')) {
      this.next();
      this.next();
    }
    const range = { start: first.range.start, end: this.end };
    return { first: foldedName(first.text), range, plain: this.end === first.range.end };
  }

  /**
   * Steps over everything up to one of these words outside of parentheses, as PL/pgSQL finds the end of an expression.
   *
   * @returns what was passed; undefined when nothing was
   */
  until(...stops: readonly string[]): TextRange | undefined {
    const start = this.offset;
    const first = this.#at;
    for (let depth = 0; ; this.#at++) {
      const word = this.word();
      if (depth === 0 && stops.includes(word)) break;
      if (!this.peek() || (word === ';' && depth === 0)) throw new Unreadable(`${stops.join(', ')} expected`);
      if (word === '(' || word === '[') depth++;
      if (word === ')' || word === ']') depth--;
    }
    return this.#at === first ? undefined : { start, end: this.end };
  }

  /** Something in parentheses, when it is next. @returns what is inside */
  parenthesized(): TextRange | undefined {
    if (!this.take('(')) return undefined;
    const inside = this.until(')') ?? { start: this.offset, end: this.offset };
    this.expect(')');
    return inside;
  }

  /** The parts of a list, cut at commas outside of parentheses. */
  list(...stops: readonly string[]): TextRange[] {
    const parts: TextRange[] = [];
    do {
      const part = this.until(',', ...stops);
      if (part) parts.push(part);
    } while (this.take(','));
    return parts;
  }
}

/** `<<label>>`, as written. */
export function labelAt(reader: Reader): string | undefined {
  if (!reader.take('<<')) return undefined;
  const { text } = reader.name();
  reader.expect('>>');
  return text;
}
