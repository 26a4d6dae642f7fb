/** Answers about texts, remembered: the same statements are asked about with every keystroke. */
import { flat } from '../base/text';

/** Characters of all texts together. */
const mostRemembered = 4_000_000;

export interface Remembered<T> {
  (text: string): T;
  /** Takes over an answer that was given elsewhere. */
  learn(text: string, answer: T): void;
}

/** @param answer has to give the same for the same text; what it gives is shared by all who ask */
export function remembered<T>(answer: (text: string) => T): Remembered<T> {
  const known = new Map<string, T>();
  let characters = 0;
  const keep = (text: string, made: T): void => {
    if (text.length > mostRemembered / 10) return;
    known.set(text, made);
    characters += text.length;
    for (const [oldest] of known) {
      if (characters <= mostRemembered) break;
      known.delete(oldest);
      characters -= oldest.length;
    }
  };
  const ask = (text: string): T => {
    const former = known.get(text);
    if (former !== undefined) return former;
    // The file that it was cut from need not be kept with it.
    const own = flat(text);
    const made = answer(own);
    keep(own, made);
    return made;
  };
  const learn = (text: string, made: T): void => {
    if (!known.has(text)) keep(flat(text), made);
  };
  return Object.assign(ask, { learn });
}
