/** One check's questions to the rows of the target: put while the next migrations are rehearsed, told with their file. */
import { byPlace, isWithin } from '../base/text';
import { findingOf } from '../probes/finding';
import { Knowledge, type Performed } from '../probes/knowledge';
import type { Answer, Probe } from '../probes/probe';
import { probesOf } from '../probes/probesOf';
import type { FileCheck, Finding } from '../project';
import type { PlacedOutcome } from '../rehearsal/outcome';
import { type Base, reachingOf } from '../shadow/base';
import { rowEffectOf } from '../sql/rowEffects';
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

  const askedBy = (up: readonly PlacedOutcome[]): AskedRows => {
    // Any other base holds all rows that there are.
    const seen = base.kind === 'dump' ? up : [];
    const asked = seen.map((outcome) => {
      const performed = withoutRows(outcome);
      const probes = probesOf(performed, knowledge, reaching);
      knowledge.learn(performed);
      return { outcome, probes };
    });
    return { asked, probes: asked.flatMap(({ probes }) => probes), path: up[0]?.path };
  };

  async function tellLater(rows: AskedRows, files: readonly FileCheck[]): Promise<void> {
    const stale = answers.known(rows.probes) !== undefined;
    tellWith(rows, await answers.answers(rows.probes, signal), files, telling === 'once' || stale);
  }

  /** @param all those too that the rows have nothing to say of */
  function tellWith(rows: AskedRows, given: readonly Answer[], files: readonly FileCheck[], all: boolean): void {
    const verdict = verdictOf(rows, given);
    if (verdict.contradicts) answers.onContradiction();
    const { found, cleared } = verdict;
    const isNews = found.length > 0 || cleared.length > 0;
    for (const file of files) {
      const concerned = file.path === rows.path;
      if (all || (concerned && isNews)) onFile(concerned ? withRows(file, verdict) : file);
    }
  }

  return {
    learn: (up) => void askedBy(up),
    learnNothing: () => knowledge.learnNothing(),
    tell(up, files) {
      const rows = askedBy(up);
      const { probes } = rows;
      const known = telling === 'twice' ? answers.known(probes) : undefined;
      if (known) tellWith(rows, known, files, true);
      else if (telling === 'twice') files.forEach(onFile);
      if (known && answers.areFresh(probes)) return;
      last = last.then(() => tellLater(rows, files));
      // Who waits for the end hears of it.
      last.catch(() => undefined);
    },
    done: () => last,
  };
}

/** What one migration asks of the rows. */
interface AskedRows {
  readonly path: string | undefined;
  readonly asked: readonly { readonly outcome: PlacedOutcome; readonly probes: readonly Probe[] }[];
  /** All of them, in order. */
  readonly probes: readonly Probe[];
}

/** What only the rows of the shadow have refused asks the same as if it had none. What would have written has not. */
const withoutRows = (outcome: PlacedOutcome): Performed =>
  outcome.kind === 'refused' && outcome.facts && rowEffectOf(outcome.statement.text).kind !== 'writes'
    ? { ...outcome, kind: 'ran' }
    : outcome;

interface FoundRows {
  readonly outcome: PlacedOutcome;
  readonly finding: Finding;
}

interface Verdict {
  readonly found: readonly FoundRows[];
  /** What the rows of the target do not refuse, though former ones, in the shadow, did. */
  readonly cleared: readonly RefusedByRows[];
  /** The rows of the shadow do not seem to be those of the target any more. */
  readonly contradicts: boolean;
}

type RefusedByRows = PlacedOutcome & { readonly kind: 'refused' };

interface Answered {
  readonly probe: Probe;
  readonly answer: Answer;
}

function verdictOf({ asked }: AskedRows, given: readonly Answer[]): Verdict {
  const answers = given.values();
  const answered = asked.map(({ outcome, probes }) => {
    const some = probes.flatMap((probe): Answered[] => {
      const answer = answers.next().value;
      return answer ? [{ probe, answer }] : [];
    });
    return { outcome, some };
  });
  const found = answered.flatMap(({ outcome, some }) =>
    some.flatMap(({ probe, answer }) => {
      const finding = findingOf(probe, answer);
      return finding ? [{ outcome, finding }] : [];
    }),
  );
  const contradicted = answered.flatMap(({ outcome, some }) => {
    if (outcome.kind !== 'refused' || !outcome.facts) return [];
    const alike = some.filter(({ probe }) => probe.sqlState === outcome.refusal.sqlState);
    return alike.length > 0 && alike.every(({ answer }) => answer.kind === 'none') ? [{ outcome, alike }] : [];
  });
  const cleared = contradicted
    .filter(({ outcome, alike }) => alike.some(({ probe }) => isAbout(probe, outcome)))
    .map(({ outcome }) => outcome);
  return { found, cleared, contradicts: contradicted.length > 0 };
}

/** One statement may be refused for several reasons, and not all of them can be asked for. */
const isAbout = ({ constraint, refusal }: Probe, { refusal: told }: RefusedByRows): boolean =>
  told.message === refusal || (constraint !== undefined && told.constraint === constraint);

/**
 * A refusal by rows of the shadow is told by those of the target: how many they are, and which; or not at all when they
 * would not refuse, nor what follows from it.
 */
function withRows(file: FileCheck, { found, cleared }: Verdict): FileCheck {
  const isCleared = ({ code, sqlState, range, consequenceOf }: Finding): boolean =>
    code === 'refused' &&
    cleared.some((it) =>
      consequenceOf
        ? consequenceOf.path === it.path && consequenceOf.range.start === it.range.start
        : sqlState === it.refusal.sqlState && range.start === it.range.start,
    );
  const isTold = (it: Finding): boolean =>
    it.code === 'refused' &&
    it.consequenceOf === undefined &&
    found.some(
      ({ outcome: { kind, statement }, finding }) =>
        kind === 'refused' && finding.sqlState === it.sqlState && isWithin(it.range, statement.range),
    );
  const findings = [
    ...file.findings.filter((it) => !isTold(it) && !isCleared(it)),
    ...found.map(({ finding }) => finding),
  ];
  return { ...file, findings: findings.toSorted(byPlace) };
}
