/** What somebody meant by a comment that is nearly a directive. */
import { distance } from '../../base/nearest';
import type { Directive } from './directive';

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
  const words = [...comment.slice(0, longest).matchAll(/[\p{L}\p{N}]+/gu)].map(({ 0: word, index }) => ({
    word: word.toLowerCase(),
    end: index + word.length,
  }));
  const all = directives.flatMap((directive) => readings(comment, words, directive));
  const [best] = all.toSorted((one, other) => one.distance - other.distance);
  return best && { directive: best.directive, written: best.written };
}

/** A directive begins with its words; what may follow them can be long. */
const longest = 100;

interface Word {
  readonly word: string;
  readonly end: number;
}

/** Each way in which the comment could be this directive. */
function readings(comment: string, words: readonly Word[], directive: Directive): (Meant & { distance: number })[] {
  const { likeness } = directive;
  if (!likeness || (likeness.begins && !likeness.begins.test(comment))) return [];
  return likeness.words.flatMap((phrase, nth) => {
    const known = phrase.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, '');
    const count = phrase.split(/[^\p{L}\p{N}]+/u).length;
    // Two words may have been written as one, and one as two.
    return [count - 1, count, count + 1].flatMap((taken) => {
      const typed = words.slice(0, taken);
      const last = typed.at(-1);
      if (!last || typed.length < taken) return [];
      const apart = distanceWithin(nth === 0 ? tolerance(known) : 0, typed.map(({ word }) => word).join(''), known);
      if (apart === undefined) return [];
      const rest = comment.slice(last.end).replace(/^[\s:=]+/, '');
      if (likeness.rest ? !likeness.rest.test(rest) : taken < words.length) return [];
      const written = `${likeness.head}${likeness.rest ? rest : ''}`.trimEnd();
      return isWhole(written, directive.pattern) ? [{ directive, written, distance: apart }] : [];
    });
  });
}

/** How many letters may be wrong: ordinary comments have to stay ordinary. */
const tolerance = (known: string): number => Math.max(1, Math.floor(known.length / 8));

function distanceWithin(limit: number, typed: string, known: string): number | undefined {
  if (typed === known) return 0;
  if (limit === 0 || Math.abs(typed.length - known.length) > limit) return undefined;
  const apart = distance(typed, known);
  return apart <= limit ? apart : undefined;
}

/** Whether the tool takes it for the directive. */
function isWhole(written: string, pattern: RegExp): boolean {
  const [match] = written.matchAll(
    new RegExp(pattern, pattern.flags.includes('g') ? pattern.flags : `${pattern.flags}g`),
  );
  return match?.index === 0;
}
