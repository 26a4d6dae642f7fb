/** One check's questions to the rows of the target: put while the next migrations are rehearsed, told with their file. */
import { findingOf } from '../probes/finding';
import { Knowledge } from '../probes/knowledge';
import type { Answer, Probe } from '../probes/probe';
import { probesOf } from '../probes/probesOf';
import type { FileCheck } from '../project';
import type { PlacedOutcome } from '../rehearsal/outcome';
import type { Base } from '../shadow/base';
import type { ReachingNames } from '../sql/reach';
import { reachingIn, reachingNames } from '../sql/reachingSchema';
import type { RowAnswers } from './rowAnswers';

export interface RowQuestions {
  /** Of each migration in order, also of those that nobody asks for: what was done before decides what can be asked. */
  learn(up: readonly PlacedOutcome[]): void;
  /** Instead of `learn`, of a migration whose file cannot be read: from there on nothing is asked of what was there. */
  learnNothing(): void;
  /** As `learn`, for a migration that is asked for. */
  tell(up: readonly PlacedOutcome[], files: readonly FileCheck[]): void;
  /** When everything is told. */
  done(): Promise<void>;
}

/**
 * @param telling `twice`: at once, and again when rows are at fault; `once`: when the rows have answered, in order
 * @param onFile gets every file
 */
export function askRows(
  answers: RowAnswers,
  base: Base,
  telling: 'once' | 'twice',
  onFile: (file: FileCheck) => void,
  signal: AbortSignal,
): RowQuestions {
  const knowledge = new Knowledge();
  const reaching = reachingOf(base);
  let last = Promise.resolve();

  const probesIn = (up: readonly PlacedOutcome[]): Probe[] => {
    // Any other base holds all rows that there are.
    if (base.kind !== 'dump') return [];
    return up.flatMap((outcome) => {
      const probes = probesOf(outcome, knowledge, reaching);
      knowledge.learn(outcome);
      return probes;
    });
  };

  async function tellLater(
    path: string | undefined,
    probes: readonly Probe[],
    files: readonly FileCheck[],
  ): Promise<void> {
    const stale = answers.known(probes) !== undefined;
    tellWith(path, probes, await answers.answers(probes, signal), files, telling === 'once' || stale);
  }

  /** @param all those too that the rows have nothing to say of */
  function tellWith(
    path: string | undefined,
    probes: readonly Probe[],
    given: readonly Answer[],
    files: readonly FileCheck[],
    all: boolean,
  ): void {
    const found = given.flatMap((answer, i) => {
      const asked = probes[i];
      const finding = asked && findingOf(asked, answer);
      return finding ? [finding] : [];
    });
    for (const file of files) {
      const more = file.path === path ? found : [];
      if (all || more.length > 0) onFile(withFindings(file, more));
    }
  }

  return {
    learn: (up) => void probesIn(up),
    learnNothing: () => knowledge.learnNothing(),
    tell(up, files) {
      const probes = probesIn(up);
      const known = telling === 'twice' ? answers.known(probes) : undefined;
      if (known) tellWith(up[0]?.path, probes, known, files, true);
      else if (telling === 'twice') files.forEach(onFile);
      if (known && answers.areFresh(probes)) return;
      last = last.then(() => tellLater(up[0]?.path, probes, files));
      // Who waits for the end hears of it.
      last.catch(() => undefined);
    },
    done: () => last,
  };
}

const withFindings = (file: FileCheck, more: FileCheck['findings']): FileCheck => ({
  ...file,
  findings: [...file.findings, ...more].toSorted((a, b) => a.range.start - b.range.start),
});

/** Read once for each base. */
const known = new WeakMap<Base, ReachingNames>();

function reachingOf(base: Base): ReachingNames {
  const names = known.get(base) ?? reachingNames(base.kind === 'dump' ? reachingIn(base.sql) : []);
  known.set(base, names);
  return names;
}
