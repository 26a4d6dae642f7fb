/** What is worth a mark in the editor: outcomes become findings. */
import type { Refusal } from '../database/session';
import type { Platform } from '../layouts/layout';
import { isOfRows } from '../probes/ask';
import type { Finding, Place } from '../project';
import { headOf } from '../sql/head';
import { inText } from '../sql/places';
import { bodyFinding, breakFinding, missesUnmade } from './bodies/bodyFindings';
import { causeOf } from './consequence';
import { definitionsOf } from './definition';
import { type Extensions, isMissingHere, missingAtTarget, missingFinding } from './missingExtension';
import type { PlacedOutcome } from './outcome';
import { firstMissing, missesOf } from './platform';
import { type Likeness, mayMissRows, type Rows } from './rows';

/** What a rehearsal was done upon. */
export interface Surroundings {
  /** For people. */
  readonly on: string;
  readonly rows: Rows;
  /** Where rows are missing: how they have refused the same statement; undefined when they have not. */
  readonly withRows: (outcome: PlacedOutcome & { readonly kind: 'refused' }) => Likeness | undefined;
  readonly extensions: Extensions;
  /** As Layout.platform. */
  readonly platform?: Platform | undefined;
  /** From nothing, where what a platform has before the first migration is not. */
  readonly replayed?: boolean;
}

/**
 * A consequence is a hint: its cause is marked, and mending that mends both. But a file of another migration that
 * cannot be applied because of it is told so once, as an error on its first refused statement.
 * What is refused because a statement was not rehearsed says nothing about applying it.
 *
 * @param text the whole file
 * @param earlier outcomes before these, of earlier scripts too, oldest first
 * @param where it was rehearsed
 * @param migration paths of the migration's files
 */
export function findingsOf(
  outcomes: readonly PlacedOutcome[],
  text: string,
  earlier: readonly PlacedOutcome[],
  where: Surroundings,
  migration: readonly string[],
): Finding[] {
  const before = [...earlier];
  const all = [...earlier, ...outcomes];
  let refused = false;
  return outcomes.flatMap((outcome) => {
    const found = findingOf(outcome, text, before, where);
    if (!found) {
      const seen = outcome.kind === 'ran' ? seenIn(outcome, before, all) : [];
      before.push(outcome);
      return seen;
    }
    if (outcome.kind === 'skipped') {
      before.push(outcome);
      const bodies = (outcome.bodies ?? []).filter((it) => !missesUnmade(it, before));
      return [found, ...bodies.map(bodyFinding)];
    }
    const counts =
      outcome.kind === 'refused' &&
      !lacksPlatform(outcome, where) &&
      (!found.consequenceOf || !isFromUntried(outcome, before, where));
    const first = counts && !refused;
    refused ||= counts;
    before.push(outcome);
    const fromAbroad = found.consequenceOf && !migration.includes(found.consequenceOf.path);
    return first && fromAbroad ? [{ ...found, severity: 'error' as const }] : [found];
  });
}

/** What a second look has shown of a statement that ran. */
function seenIn(
  { statement, bodies = [], breaks = [] }: PlacedOutcome & { kind: 'ran' },
  before: readonly PlacedOutcome[],
  all: readonly PlacedOutcome[],
): Finding[] {
  return [
    ...bodies.filter((it) => !missesUnmade(it, all)).map(bodyFinding),
    ...breaks.map((it) => breakFinding(statement, it, before)),
  ];
}

/** Is its cause, or what caused that in turn, a statement that could not be tried, though nothing is wrong with it? */
function isFromUntried(
  outcome: PlacedOutcome & { kind: 'refused' },
  earlier: readonly PlacedOutcome[],
  where: Surroundings,
): boolean {
  const { statement, range } = outcome;
  const blamed = statement.text.slice(inText(range.start, statement), inText(range.end, statement));
  const cause = causeOf(outcome, blamed, earlier);
  if (cause?.kind === 'skipped') return cause.reason.kind !== 'sessionEnded';
  if (cause?.kind !== 'refused') return false;
  const isUntried = isMissingHere(cause, where.extensions) || lacksPlatform(cause, where);
  return isUntried || isFromUntried(cause, earlier.slice(0, earlier.indexOf(cause)), where);
}

/** It was applied where all of the platform is. */
const lacksPlatform = (
  { refusal }: PlacedOutcome & { kind: 'refused' },
  { replayed, platform }: Surroundings,
): boolean => replayed === true && platform !== undefined && missesOf(platform, refusal);

function platformFinding(
  outcome: PlacedOutcome & { kind: 'refused' },
  earlier: readonly PlacedOutcome[],
  where: Surroundings,
): Finding | undefined {
  const { platform } = where;
  if (!platform || !lacksPlatform(outcome, where) || firstMissing(platform, earlier)) return undefined;
  return {
    range: headOf(outcome.statement),
    severity: 'information',
    code: 'not-rehearsed',
    message:
      'Not rehearsed: it needs what the databases of the platform have before the first migration. What is applied is rehearsed from an empty database, which has not.',
    detail: `${outcome.refusal.message}. Rehearsed on ${where.on}.`,
  };
}

function findingOf(
  outcome: PlacedOutcome,
  text: string,
  earlier: readonly PlacedOutcome[],
  where: Surroundings,
): Finding | undefined {
  const { on, extensions } = where;
  switch (outcome.kind) {
    case 'ran':
      return missingAtTarget(outcome, extensions, on);
    case 'refused':
      return (
        missingFinding(outcome, extensions, on) ??
        platformFinding(outcome, earlier, where) ??
        refusedFinding(outcome, text, earlier, where)
      );
    case 'ended':
      return {
        range: headOf(outcome.statement),
        severity: 'error',
        code: 'session-ended',
        message: `Postgres ends the connection when this runs: ${outcome.message}.`,
      };
    case 'skipped':
      return skippedFinding(outcome, on);
  }
}

function refusedFinding(
  outcome: PlacedOutcome & { kind: 'refused' },
  text: string,
  earlier: readonly PlacedOutcome[],
  { rows, withRows, platform }: Surroundings,
): Finding {
  const { refusal, range } = outcome;
  const related = definitionsOf(refusal, earlier);
  const common = {
    range,
    sqlState: refusal.sqlState,
    ...wordsOf(refusal),
    ...(related.length > 0 ? { related } : {}),
  };
  if (refusal.sqlState === '57014') return { ...common, severity: 'warning', code: 'statement-timeout' };
  const missed = platform && missesOf(platform, refusal) ? platform : undefined;
  const cause =
    causeOf(outcome, text.slice(range.start, range.end), earlier) ?? (missed && firstMissing(missed, earlier));
  const doubt = !cause && rows === 'missing' && mayMissRows(outcome, earlier);
  const likeness = doubt ? withRows(outcome) : undefined;
  if (likeness === 'alike') return { ...common, severity: 'error', code: 'refused', detail: withFormerRows };
  if (doubt && !likeness) return { ...common, severity: 'warning', code: 'needs-rows', detail: withoutRows(refusal) };
  if ((cause ? tookTooLong(cause) : earlier.some(tookTooLong)) && isOfRows(refusal))
    return { ...common, severity: 'warning', code: 'needs-rows', detail: withoutThat(refusal) };
  if (!cause) return { ...common, ...(missed ? { hint: missed.advice } : {}), severity: 'error', code: 'refused' };
  return { ...common, severity: 'hint', code: 'refused', consequenceOf: placeOf(cause) };
}

const withoutRows = ({ detail }: Refusal): string =>
  `${detail === undefined ? '' : `${detail} `}Rehearsed without the rows of the target: with them it may well run.`;

/** The values are others than those that will be told with the rows. */
const withFormerRows = 'It was refused with the rows of the target when they were in the shadow last.';

const tookTooLong = (outcome: PlacedOutcome): boolean =>
  outcome.kind === 'refused' && outcome.refusal.sqlState === '57014';

const withoutThat = ({ detail }: Refusal): string =>
  `${detail === undefined ? '' : `${detail} `}Rehearsed without a statement above that took too long: with what that does to rows it may well run.`;

const wordsOf = ({ message, detail, hint }: Refusal): Pick<Finding, 'message' | 'detail' | 'hint'> => ({
  message,
  ...(detail === undefined ? {} : { detail }),
  ...(hint === undefined ? {} : { hint }),
});

const placeOf = (outcome: PlacedOutcome): Place => ({
  path: outcome.path,
  range: outcome.kind === 'refused' ? outcome.range : headOf(outcome.statement),
});

function skippedFinding({ statement, reason }: PlacedOutcome & { kind: 'skipped' }, on: string): Finding {
  const range = headOf(statement);
  switch (reason.kind) {
    case 'reaches':
      return {
        range,
        severity: 'information',
        code: 'not-rehearsed',
        message: `Not rehearsed: it ${reason.says}. It runs when the migration is applied.`,
        detail: `Rehearsed on ${on}.`,
      };
    case 'psql':
      return {
        range,
        severity: 'information',
        code: 'not-rehearsed',
        message:
          statement.kind === 'psql'
            ? 'Not rehearsed: a line for psql, which Postgres never sees.'
            : 'Not rehearsed: psql puts a variable into it.',
      };
    case 'sessionEnded':
      return {
        range,
        severity: 'information',
        code: 'not-rehearsed',
        message: 'Not rehearsed: a statement above has ended the session.',
      };
  }
}
