/** Answers about texts, remembered: the same statements are asked about with every keystroke. */
import { flat } from '../base/text';

/** Characters of all texts together. */
const mostRemembered = 4_000_000;

/** @param answer has to give the same for the same text; what it gives is shared by all who ask */
export function remembered<T>(answer: (text: string) => T): (text: string) => T {
  const known = new Map<string, T>();
  let characters = 0;
  return (text) => {
    const former = known.get(text);
    if (former !== undefined) return former;
    // The file that it was cut from need not be kept with it.
    const own = flat(text);
    const made = answer(own);
    if (own.length > mostRemembered / 10) return made;
    known.set(own, made);
    characters += own.length;
    for (const [oldest] of known) {
      if (characters <= mostRemembered) break;
      known.delete(oldest);
      characters -= oldest.length;
    }
    return made;
  };
}
