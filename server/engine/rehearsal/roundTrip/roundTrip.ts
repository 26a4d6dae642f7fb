/**
 * Does a down script take back what its up script did? Both are run on a copy, as their tool runs them, and the catalogs
 * and rows before and afterwards are compared.
 */
import type { Session } from '../../database/session';
import { type Contents, contentsOf } from '../../rows/contents';
import { lossesThereAndBack } from '../../rows/losses';
import { differenceButForOrder } from '../../schema/comparable';
import type { Shadow } from '../../shadow/place';
import type { ReachingNames } from '../../sql/reach';
import { type Failure, type RoundTripVerdict, type Verdict, verdictOn } from '../../verification';
import { commitAll } from '../commit';
import { isRunaway, type PlacedOutcome } from '../outcome';
import type { RunLimits } from '../run';
import type { Way } from '../moves';
import { insertSamples } from './samples';

export interface Trip {
  readonly shadow: Shadow;
  /** What reaches outside there: no rows are made up for it. */
  readonly reaching: ReachingNames;
  readonly up: PlacedWay;
  /** Undefined where there is no file for it. */
  readonly down: PlacedWay | undefined;
  readonly limits: RunLimits;
  readonly signal: AbortSignal;
}

export interface PlacedWay {
  readonly path: string;
  readonly rehearsals: Way['rehearsals'];
}

/** Before anything ran. */
export interface Beginning {
  readonly dump: string;
  readonly contents: Contents;
  /** Some of its rows are made up. */
  readonly madeUp: boolean;
}

/**
 * With rows where the shadow has none: some are made up. What is refused for their sake alone is told beside the verdict.
 *
 * @throws {Fault} as Shadow.withCopy, Session.rows
 * @throws the reason of the signal
 */
export async function roundTrip(trip: Trip): Promise<Verdict> {
  const first = await attempt(trip, 'made up');
  if (!first.madeUp || (first.verdict.kind !== 'untried' && first.verdict.kind !== 'fails')) return first.verdict;
  const { verdict } = await attempt(trip, 'as they are');
  return first.verdict.kind === 'fails' ? { ...verdict, withRows: first.verdict.at } : verdict;
}

/** Whether tables without any get some. */
export type Rows = 'made up' | 'as they are';

interface Attempt {
  readonly verdict: Verdict;
  /** There were rows that nobody has but us. */
  readonly madeUp: boolean;
}

function attempt(trip: Trip, rows: Rows): Promise<Attempt> {
  const { shadow, up, down, signal } = trip;
  return shadow.withCopy(async (copy, dump) => {
    const before = await beginningOf(copy, rows, trip, () => dump(signal));
    const { madeUp } = before;
    const refused = await run(up, copy, trip);
    if (refused)
      return { verdict: { kind: 'untried', why: `The up script is refused: ${refused.refusal.message}.` }, madeUp };
    const isThere = down?.rehearsals.some(({ steps }) => steps.length > 0) === true;
    const at = isThere ? await run(down, copy, trip) : undefined;
    if (at) return { verdict: { kind: 'fails', at }, madeUp };
    const verdict = await verdictSince(before, copy, () => dump(signal));
    // What changes nothing needs no way back.
    return { verdict: isThere || verdict.kind === 'exact' ? verdict : { kind: 'missing' }, madeUp };
  });
}

export async function beginningOf(
  copy: Session,
  rows: Rows,
  { reaching }: Pick<Trip, 'reaching'>,
  dump: () => Promise<string>,
): Promise<Beginning> {
  const madeUp = rows === 'made up' && (await insertSamples(copy, reaching));
  return { dump: await dump(), contents: await contentsOf(copy), madeUp };
}

/** What the copy is now, compared with what it was. Of rows that the role may not read nothing is said. */
export async function verdictSince(
  { dump: was, contents: before }: Beginning,
  copy: Session,
  dump: () => Promise<string>,
): Promise<RoundTripVerdict> {
  const differences = differenceButForOrder(was, await dump());
  const after = await contentsOf(copy);
  const tables = before.tables.filter(({ name }) => !after.unread.includes(name));
  return verdictOn(differences, lossesThereAndBack({ ...before, tables }, after));
}

/** @returns the first statement that was refused */
export async function run(
  { path, rehearsals }: PlacedWay,
  copy: Session,
  { shadow, limits, signal }: Pick<Trip, 'shadow' | 'limits' | 'signal'>,
): Promise<Failure | undefined> {
  const outcomes = await commitAll(shadow, copy, rehearsals, { ...limits, signal });
  return outcomes.map((it) => failureOf({ ...it, path })).find((it) => it !== undefined);
}

function failureOf(outcome: PlacedOutcome): Failure | undefined {
  const { path, statement } = outcome;
  if (outcome.kind === 'refused')
    return { path, range: outcome.range, statement: statement.text, refusal: outcome.refusal };
  if (outcome.kind !== 'ended' && !isRunaway(outcome)) return undefined;
  const message = outcome.kind === 'ended' ? outcome.message : 'it takes too long';
  return { path, range: statement.range, statement: statement.text, refusal: { message, sqlState: '57014' } };
}
