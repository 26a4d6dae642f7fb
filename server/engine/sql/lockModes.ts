/** The lock modes of tables, by the names that Postgres's documentation gives them ("Explicit Locking", 13.3.1). */

/** From the weakest to the strongest; the place in the list is the number that Postgres itself uses (lockdefs.h). */
export const lockModes = [
  'ACCESS SHARE',
  'ROW SHARE',
  'ROW EXCLUSIVE',
  'SHARE UPDATE EXCLUSIVE',
  'SHARE',
  'SHARE ROW EXCLUSIVE',
  'EXCLUSIVE',
  'ACCESS EXCLUSIVE',
] as const;

export type LockMode = (typeof lockModes)[number];

export const strengthOf = (mode: LockMode): number => lockModes.indexOf(mode) + 1;

/** @param strength from 1 to 8 */
export function modeOf(strength: number): LockMode {
  const mode = lockModes[strength - 1];
  if (!mode) throw new Error(`${strength} is no lock mode`);
  return mode;
}

/** The strongest of some; undefined of none. */
export const strongest = (modes: readonly LockMode[]): LockMode | undefined =>
  modes.toSorted((a, b) => strengthOf(b) - strengthOf(a))[0];
