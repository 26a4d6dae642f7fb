/**
 * Where the Supabase CLI ends the statements of a migration: at each semicolon that its own small machine of states does
 * not take for part of a string, a comment, a body or parentheses.
 *
 * Facts from the CLI 3.1.0, and from supabase/cli, apps/cli-go/pkg/parser/state.go, of which it is a translation with
 * mends. It differs from Postgres in this: a backslash outside of strings hides the next character, and the first closing
 * parenthesis ends all that are open.
 */
import type { TextRange } from '../base/text';
import { tokensOf } from '../sql/tokens';

/** Told of the character that ends at `end`; what it returns comes next, undefined ends the statement. */
interface State {
  readonly isReady?: true;
  /** What it opens: it lasts, with states within it, until it closes. */
  readonly opens?: Frame;
  next(character: string, end: number): State | undefined;
}

/** Parentheses, or the body of a BEGIN ATOMIC. */
interface Frame {
  /** Asked before the state within: whether it has ended just before this character. */
  readonly hasEnded?: (character: string) => boolean;
  /** Told of the state within that is next, undefined where a statement ended; true when it closes with this character. */
  closes(next: State | undefined, character: string, end: number): boolean;
}

/**
 * With the semicolons and white space that belong to them; put together they are the text.
 *
 * Never throws.
 */
export function tokensIn(text: string): TextRange[] {
  const machine = new Machine(text);
  const tokens: TextRange[] = [];
  for (let at = 0; at < text.length; ) {
    const character = String.fromCodePoint(text.codePointAt(at) ?? 0);
    at += character.length;
    if (!machine.ends(character, at)) continue;
    tokens.push({ start: machine.start, end: at });
    machine.start = at;
  }
  if (machine.start < text.length) tokens.push({ start: machine.start, end: text.length });
  return tokens;
}

/** What the CLI sends and records: without semicolons and white space at the ends; comments are statements, too. */
export const statementsOfSupabase = (text: string): readonly string[] =>
  tokensIn(text)
    .map(({ start, end }) => text.slice(start, end).replace(/;+$/u, '').trim())
    .filter((it) => it !== '');

const ofIdentifier = /[A-Za-z0-9_$\u0080-\u{10ffff}]$/u;
const isSpace = (character: string): boolean => ' \t\n\r\f\v'.includes(character);
const isLineEnd = (character: string): boolean => character === '\n' || character === '\r';

class Machine {
  /** Of the statement that is being read. */
  start = 0;

  /** Those that are open, the innermost last: one stands in another as deep as a file has it. */
  private readonly frames: Frame[] = [];
  private state: State | undefined;

  constructor(private readonly text: string) {}

  /** Whether the statement ends with the character that ends at `end`. */
  ends(character: string, end: number): boolean {
    const isLeft = this.frames.at(-1)?.hasEnded?.(character) === true;
    if (isLeft) this.frames.pop();
    let next = (isLeft ? this.ready : (this.state ?? this.ready)).next(character, end);
    for (;;) {
      if (!this.frames.at(-1)?.closes(next, character, end)) break;
      this.frames.pop();
      next = this.ready;
    }
    if (next?.opens) this.frames.push(next.opens);
    this.state = next?.opens ? this.ready : next;
    return next === undefined && this.frames.length === 0;
  }

  readonly ready: State = {
    isReady: true,
    next: (character, end) => {
      switch (character) {
        case '$':
          return this.isIdentifierBefore(end - 1) ? this.ready : this.tag(end - 1);
        case "'":
          return this.isWordBefore('E', end - 1) ? this.quote("'", 'escapes') : this.quote("'", 'plain');
        case '"':
          return this.quote('"', 'plain');
        case '-':
          return this.dash;
        case '/':
          return this.block();
        case '\\':
          return { next: () => this.ready };
        case ';':
          return undefined;
        case '(':
          return this.parentheses;
        default:
          return /c/i.test(character) && this.isBeginAtomic(end) ? this.body(end) : this.ready;
      }
    },
  };

  private readonly dash: State = {
    next: (character, end) => (character === '-' ? this.comment : this.ready.next(character, end)),
  };

  private readonly comment: State = { next: (character) => (isLineEnd(character) ? this.ready : this.comment) };

  private block(): State {
    let [depth, behind] = [0, false];
    const state: State = {
      next: (character, end) => {
        const step = behind ? 0 : this.endsWith('/*', end) ? 1 : this.endsWith('*/', end) ? -1 : 0;
        behind = step !== 0;
        if (depth === 0 && step === 0) return this.ready.next(character, end);
        depth += step;
        return depth === 0 ? this.ready : state;
      },
    };
    return state;
  }

  private quote(delimiter: string, how: 'plain' | 'escapes'): State {
    let [closed, escaped] = [false, false];
    const behind = how === 'escapes' ? this.continuation() : this.ready;
    const state: State = {
      next: (character, end) => {
        if (closed && character !== delimiter) return behind.next(character, end);
        if (closed) closed = false;
        else if (escaped) escaped = false;
        else if (how === 'escapes' && character === '\\') escaped = true;
        else if (character === delimiter) closed = true;
        return state;
      },
    };
    return state;
  }

  /** Behind `E'…'`: on a later line a quote goes on with it. */
  private continuation(): State {
    let [newLine, dashes] = [false, 0];
    const state: State = {
      next: (character, end) => {
        if (dashes === 2) {
          if (isLineEnd(character)) [newLine, dashes] = [true, 0];
        } else if (character === '-') dashes++;
        else if (dashes === 0 && isSpace(character)) newLine ||= isLineEnd(character);
        else if (dashes === 0 && newLine && character === "'") return this.quote("'", 'escapes');
        else return this.ready.next(character, end);
        return state;
      },
    };
    return state;
  }

  private tag(start: number): State {
    const state: State = {
      next: (character, end) => {
        if (character === '$') return this.until(this.text.slice(start, end));
        return ofIdentifier.test(character) ? state : this.ready.next(character, end);
      },
    };
    return state;
  }

  private until(delimiter: string): State {
    const state: State = { next: (_, end) => (this.endsWith(delimiter, end) ? this.ready : state) };
    return state;
  }

  private readonly parentheses: State = {
    opens: { closes: (next, character) => (next ?? this.ready).isReady === true && character === ')' },
    next: () => this.ready,
  };

  /** Of BEGIN ATOMIC: it ends with an END that begins a statement. */
  private body(start: number): State {
    let [from, hasContent, isEnding] = [start, false, false];
    const opens: Frame = {
      hasEnded: (character) => isEnding && !ofIdentifier.test(character),
      closes: (next, _, end) => {
        isEnding = false;
        if (!next) [from, hasContent] = [end, false];
        else if (next.isReady && !hasContent && this.isWordBefore('END', end)) {
          isEnding = isBlank(this.text.slice(from, end - 'END'.length));
          hasContent = !isEnding;
        }
        return false;
      },
    };
    return { opens, next: () => this.ready };
  }

  private endsWith(what: string, end: number): boolean {
    return end - what.length >= this.start && this.text.startsWith(what, end - what.length);
  }

  private isWordBefore(word: string, end: number): boolean {
    const start = end - word.length;
    if (start < this.start || this.text.slice(start, end).toUpperCase() !== word) return false;
    return !this.isIdentifierBefore(start);
  }

  private isIdentifierBefore(end: number): boolean {
    return end > this.start && ofIdentifier.test(this.text.slice(Math.max(this.start, end - 2), end));
  }

  private isBeginAtomic(end: number): boolean {
    if (!this.isWordBefore('ATOMIC', end)) return false;
    let at = end - 'ATOMIC'.length;
    while (at > this.start && isSpace(this.text.charAt(at - 1))) at--;
    return this.isWordBefore('BEGIN', at);
  }
}

/** White space and comments alone. */
const isBlank = (text: string): boolean => tokensOf(text).every(({ kind }) => kind === 'comment');
