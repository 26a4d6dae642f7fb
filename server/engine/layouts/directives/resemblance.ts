/** What somebody meant by a comment that is nearly a directive. */
import { distance } from '../../base/nearest';
import type { Directive, Likeness } from './directive';

export interface Meant {
  readonly directive: Directive;
  /** The comment as it would have to be written. */
  readonly written: string;
}

/**
 * @param comment from its dashes to its last word; or the text of an option
 * @returns undefined when it is far from all of them
 */
export function meantBy(comment: string, directives: readonly Directive[]): Meant | undefined {
  const beginnings = beginningsOf(comment);
  let best: (Meant & { readonly apart: number }) | undefined;
  for (const directive of directives) {
    const { likeness } = directive;
    if (!likeness || (likeness.begins && !likeness.begins.test(comment))) continue;
    for (const phrase of phrasesOf(likeness)) {
      // Two words may have been written as one, and one as two.
      for (let taken = phrase.count - 1; taken <= phrase.count + 1; taken++) {
        const beginning = beginnings[taken - 1];
        const apart = beginning && distanceTo(phrase, beginning.letters);
        if (!beginning || apart === undefined || (best && best.apart <= apart)) continue;
        const isAll = taken === beginnings.length;
        const written = mended(comment.slice(beginning.end), directive, likeness, isAll);
        if (written !== undefined) best = { directive, written, apart };
      }
    }
  }
  return best;
}

/** The first words of a comment. */
interface Beginning {
  /** Of all of them, in small letters. */
  readonly letters: string;
  readonly end: number;
}

/** One for each word, up to more than any directive has. */
function beginningsOf(comment: string): readonly Beginning[] {
  const beginnings: Beginning[] = [];
  let letters = '';
  for (const { 0: word, index } of comment.slice(0, longest).matchAll(/[a-z0-9]+/gi)) {
    letters += word.toLowerCase();
    beginnings.push({ letters, end: index + word.length });
    if (beginnings.length === mostWords) break;
  }
  return beginnings;
}

/** A directive begins with its words; what may follow them can be long. */
const longest = 100;
const mostWords = 7;

/** @param isAll whether no word follows */
function mended(behind: string, directive: Directive, { rest, head }: Likeness, isAll: boolean): string | undefined {
  const values = behind.replace(/^[\s:=]+/, '');
  if (rest ? !rest.test(values) : !isAll) return undefined;
  const written = `${head}${rest ? values : ''}`.trimEnd();
  return isWhole(written, directive.pattern) ? written : undefined;
}

interface Phrase {
  /** Its letters and digits, in small letters. */
  readonly known: string;
  readonly count: number;
  /** How many of its letters may be wrong. */
  readonly tolerance: number;
}

/** Every comment of a long file is measured by them. */
const phrases = new WeakMap<Likeness, readonly Phrase[]>();

function phrasesOf(likeness: Likeness): readonly Phrase[] {
  const former = phrases.get(likeness);
  if (former) return former;
  const made = likeness.words.map((words, nth): Phrase => {
    const known = words.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
    const count = words.split(/[^A-Za-z0-9]+/).length;
    // Ordinary comments have to stay ordinary.
    return { known, count, tolerance: nth === 0 ? Math.max(1, Math.floor(known.length / 8)) : 0 };
  });
  phrases.set(likeness, made);
  return made;
}

/** @returns undefined when they are too far away */
function distanceTo({ known, tolerance }: Phrase, typed: string): number | undefined {
  if (typed === known) return 0;
  if (tolerance === 0 || Math.abs(typed.length - known.length) > tolerance) return undefined;
  // Who errs at both ends has meant something else; and this is much quicker than to measure.
  if (!known.startsWith(typed.slice(0, 3)) && !known.endsWith(typed.slice(-3))) return undefined;
  const apart = distance(typed, known);
  return apart <= tolerance ? apart : undefined;
}

/** Whether the tool takes it for the directive. */
function isWhole(written: string, pattern: RegExp): boolean {
  const [match] = written.matchAll(
    new RegExp(pattern, pattern.flags.includes('g') ? pattern.flags : `${pattern.flags}g`),
  );
  return match?.index === 0;
}
