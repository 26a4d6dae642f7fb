/** Searches in what is sorted, and in text from left to right, so that much of it takes no more than its length. */

/**
 * Where the items begin that are behind something.
 *
 * @param isBehind false for the first items, true for all that follow
 * @returns the length of the list when none is
 */
export function firstBehind<T>(items: readonly T[], isBehind: (item: T) => boolean): number {
  let [low, high] = [0, items.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const item = items[middle];
    if (item !== undefined && isBehind(item)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Where a sign stands next; Infinity when it does not. */
export type Finder = (sign: string, from: number) => number;

/** Asked from left to right it goes through the text once for each sign, however often that is missing. */
export function finderIn(text: string): Finder {
  const known = new Map<string, { readonly from: number; readonly at: number }>();
  return (sign, from) => {
    const last = known.get(sign);
    if (last && last.from <= from && from <= last.at) return last.at;
    const found = text.indexOf(sign, from);
    const at = found < 0 ? Infinity : found;
    known.set(sign, { from, at });
    return at;
  };
}
