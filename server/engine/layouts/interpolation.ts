/**
 * `$NAME` and `${NAME}` in a line, replaced as goose does it between `-- +goose ENVSUB ON` and `ENVSUB OFF`.
 *
 * Facts from mfridman/interpolate 0.0.2, interpolate.go and parser.go: like a shell, but `$$` is a dollar, and the only
 * operators are `${NAME:-text}`, `${NAME-text}`, `${NAME?text}` and `${NAME:offset:length}`.
 */
import { shifted, type TextRange } from '../base/text';
import type { Replaced } from '../sql/statement';

export type Variables = Readonly<Record<string, string | undefined>>;

export interface Interpolation {
  /** In order. */
  readonly replaced: readonly Replaced[];
  /** Names that have no value, so that nothing stands in their place, and where. */
  readonly unset: readonly { readonly name: string; readonly range: TextRange }[];
  /** Why goose cannot replace it; undefined when it can. */
  readonly trouble: { readonly says: string; readonly range: TextRange } | undefined;
}

/**
 * Never throws.
 *
 * @param line ranges are those of the text it is cut from
 * @param start where the line begins there
 */
export function interpolate(line: string, start: number, variables: Variables): Interpolation {
  const reader = new Reader(line, variables);
  try {
    const replaced = reader.expression('').map((it) => ({ ...it, range: shifted(it.range, start) }));
    const unset = reader.unset.map((it) => ({ ...it, range: shifted(it.range, start) }));
    return { replaced, unset, trouble: undefined };
  } catch (error) {
    if (!(error instanceof Trouble)) throw error;
    const end = reader.at + (line[reader.at] === '}' ? 1 : 0);
    const range = shifted({ start: error.at, end }, start);
    return { replaced: [], unset: [], trouble: { says: error.message, range } };
  }
}

class Trouble extends Error {
  constructor(
    says: string,
    readonly at: number,
  ) {
    super(says);
  }
}

const deepest = 100;

/** Recursive descent, for a default may hold variables in turn. */
class Reader {
  at = 0;
  private depth = 0;
  readonly unset: { readonly name: string; range: TextRange }[] = [];

  constructor(
    private readonly line: string,
    private readonly variables: Variables,
  ) {}

  /** Up to the end, or to the character that closes the brace around it. */
  expression(stop: '' | '}'): Replaced[] {
    const replaced: Replaced[] = [];
    while (!this.isAt(stop)) {
      const start = this.at;
      const pair = this.line.slice(start, start + 2);
      if (pair === '\\\\' || pair === '$(') this.at += 2;
      else if (pair === '\\$' || pair === '$$') {
        this.at += 2;
        replaced.push({ range: { start, end: this.at }, text: '$' });
      } else if (pair.startsWith('$') && pair.length === 2) {
        const known = this.unset.length;
        const text = this.expansion();
        const range = { start, end: this.at };
        for (const it of this.unset.slice(known)) if (it.range.start === start) it.range = range;
        replaced.push({ range, text });
      } else this.at++;
    }
    return replaced;
  }

  private isAt(stop: '' | '}'): boolean {
    return this.at >= this.line.length || this.line[this.at] === stop;
  }

  private expansion(): string {
    const start = this.at++;
    if (this.line[this.at] !== '{') return this.valueOf(this.identifier(start), start);
    this.at++;
    const name = this.identifier(start);
    const text = this.braced(name, start);
    if (this.line[this.at] !== '}') throw new Trouble('a closing brace is missing', start);
    this.at++;
    return text;
  }

  /** What stands between the name and the closing brace. */
  private braced(name: string, start: number): string {
    const value = this.variables[name];
    const operator = /^(?::-|:|-|\?)/.exec(this.line.slice(this.at))?.[0];
    if (operator === undefined) return this.line[this.at] === '}' ? this.valueOf(name, start) : this.noOperator(start);
    this.at += operator.length;
    if (operator === ':') return this.substring(name, start);
    const other = this.inner(operator === ':-' ? Boolean(value) : value !== undefined);
    if (operator === '?' && value === undefined) throw new Trouble(`$${name}: ${other || 'not set'}`, start);
    return (operator === ':-' ? value || undefined : value) ?? other;
  }

  private noOperator(start: number): never {
    throw new Trouble('":-", "-", "?" or ":" is expected behind the name', start);
  }

  /** The text behind an operator; what it lacks is of no interest where it is not used. */
  private inner(unused: boolean): string {
    const [start, known] = [this.at, this.unset.length];
    if (++this.depth > deepest) throw new Trouble('defaults stand in each other too deep to be read here', start);
    const replaced = this.expression('}');
    this.depth--;
    if (unused) this.unset.length = known;
    let [text, at] = ['', start];
    for (const { range, text: instead } of replaced) {
      text += this.line.slice(at, range.start) + instead;
      at = range.end;
    }
    return text + this.line.slice(at, this.at);
  }

  /** Counts bytes, as Go does; behind the end is nothing, and below zero is counted from the end. */
  private substring(name: string, start: number): string {
    const [whole, offset = '', length] = /^([^:}]*)(?::([^}]*))?/.exec(this.line.slice(this.at)) ?? [''];
    this.at += whole.length;
    const [from, count] = [numberIn(offset, start), length === undefined ? undefined : numberIn(length, start)];
    const bytes = Buffer.from(this.valueOf(name, start));
    const first = Math.min(bytes.length, from < 0 ? Math.max(0, bytes.length + from) : from);
    const last = count === undefined ? bytes.length : count < 0 ? Math.max(first, bytes.length + count) : first + count;
    return bytes.subarray(first, last).toString();
  }

  private identifier(start: number): string {
    const [name] = /^\p{L}[\p{L}\p{N}_]*/u.exec(this.line.slice(this.at)) ?? [];
    if (name === undefined) throw new Trouble('a name that begins with a letter is expected behind "$"', start);
    this.at += name.length;
    return name;
  }

  private valueOf(name: string, start: number): string {
    const value = this.variables[name];
    if (value === undefined) this.unset.push({ name, range: { start, end: this.at } });
    return value ?? '';
  }
}

function numberIn(text: string, start: number): number {
  const trimmed = text.trim();
  if (/^[+-]?\d+$/.test(trimmed)) return Number(trimmed);
  throw new Trouble(`"${trimmed}" is no number`, start);
}
