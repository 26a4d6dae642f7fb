/** How counts, times and sizes are written for people. */

/** `1 migration`, `14 migrations`. */
export const some = (number: number, word: string): string => `${number} ${word}${number === 1 ? '' : 's'}`;

/** `0.8 s`, `12 ms`. */
export const duration = (ms: number): string => (ms < 100 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`);

/** `2026-01-02 03:04` on the clock of this machine; Sweden writes times so. */
export const timeOf = (iso: string): string =>
  new Date(iso).toLocaleString('sv-SE', { dateStyle: 'short', timeStyle: 'short' });

/** `7.42 MB`, in powers of 1000. */
export function bytes(count: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const step = Math.min(units.length - 1, count < 1 ? 0 : Math.floor(Math.log10(count) / 3));
  return `${step === 0 ? count : (count / 1000 ** step).toPrecision(3)} ${units[step]}`;
}
