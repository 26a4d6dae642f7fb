/** The mutants of a file, each with a name by which it can be made again. */
import { createHash } from 'node:crypto';
import type { TextRange } from '../../../server/engine/base/text';
import type { Script } from '../../../server/engine/layouts/layout';
import { mutated, type Mutator } from './mutation';
import { mutators } from './mutators/all';
import type { Site } from './site';

export interface Mutant {
  /** `misspelt_table:3`; its number among all of its class in the script. */
  readonly name: string;
  readonly mutator: Mutator;
  readonly direction: Script['direction'];
  /** The whole file. */
  readonly text: string;
  readonly wrong: TextRange | undefined;
}

/** All that can be made of a script. */
export function mutantsOf(sites: readonly Site[], direction: Script['direction']): Mutant[] {
  return mutators.flatMap((mutator) =>
    sites
      .flatMap((site) => mutator.mutate(site).map((mutation) => ({ site, mutation })))
      .map(({ site, mutation }, i) => ({
        name: `${direction === 'down' ? 'down_' : ''}${mutator.name}:${i}`,
        mutator,
        direction,
        text: mutated(site.file, mutation),
        wrong: mutation.wrong,
      })),
  );
}

/** Some of each class, the same ones for the same seed. */
export function sample(mutants: readonly Mutant[], each: number, seed: string): Mutant[] {
  const classes = new Set(mutants.map(({ mutator }) => mutator));
  return [...classes].flatMap((it) =>
    chosen(
      mutants.filter(({ mutator }) => mutator === it),
      each,
      ({ name }) => `${seed} ${name}`,
    ),
  );
}

/** @param keyOf tells them apart */
export function chosen<T>(those: readonly T[], count: number, keyOf: (it: T) => string): T[] {
  const ranks = new Map(those.map((it) => [it, createHash('sha256').update(keyOf(it)).digest('hex')]));
  const best = new Set(
    those.toSorted((a, b) => ((ranks.get(a) ?? '') < (ranks.get(b) ?? '') ? -1 : 1)).slice(0, count),
  );
  return those.filter((it) => best.has(it));
}
