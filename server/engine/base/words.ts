/** Pieces of sentences for people. */

/** Several names in a sentence: `1, 2 and 3`; of many the first ones, and how many more. */
export function listed(names: readonly string[]): string {
  const shown = names.length <= most ? names : [...names.slice(0, most - 1), `${names.length - most + 1} more`];
  const last = shown.at(-1) ?? '';
  return shown.length < 2 ? last : `${shown.slice(0, -1).join(', ')} and ${last}`;
}

const most = 6;

export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

export const megabytes = (bytes: number): string => `${(bytes / 1_000_000).toFixed(bytes < 10_000_000 ? 1 : 0)} MB`;
