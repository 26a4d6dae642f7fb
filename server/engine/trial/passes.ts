/** Runs migrations on a copy of the target: up, down, up again, with a look at schema and rows in between. */
import { applyMigrations, revertMigrations } from '../apply/apply';
import type { Job } from '../apply/job';
import { withLockedTarget } from '../apply/locked';
import { planDown, planUp } from '../apply/plan';
import { beginByTool } from '../apply/runByTool';
import { Fault } from '../base/fault';
import type { Database } from '../database/database';
import { whileWanted } from '../database/onSession';
import { isAddedByTool, isOwnTable, ownObjects, type OwnObjects } from '../history/ownObjects';
import { previewOf } from '../preview/preview';
import { isOfRows } from '../probes/ask';
import type { HistoryState } from '../history/history';
import type { ApplyResult, ObjectChange } from '../project';
import { contentsOf, type TableContents } from '../rows/contents';
import { lossesThere, lossesThereAndBack } from '../rows/losses';
import type { SequencePlace } from '../rows/sequences';
import { differenceButForOrder } from '../schema/comparable';
import type { RoundTrip, TrialPass, TrialResult } from '../trials';
import { type RowLoss, verdictOn } from '../verification';
import { refuseReaching } from './reach';
import { refusingRows } from './refusingRows';
import { watch } from './watching';

/** All that is needed to run scripts, but for the database. */
export type Scripts = Omit<Job, 'database' | 'onlooker'>;

export interface Course {
  readonly passes: readonly TrialPass[];
  readonly changes: readonly ObjectChange[];
  readonly lost: readonly RowLoss[];
  readonly roundTrip: RoundTrip;
  /** How it ended when not all was run. */
  readonly stopped?: Stopped;
}

export type Stopped =
  | Omit<Extract<TrialResult, { kind: 'refused' }>, 'report'>
  | Extract<TrialResult, { kind: 'cancelled' }>;

interface State {
  /** As pg_dump --schema-only gives it. */
  readonly schema: string;
  readonly tables: readonly TableContents[];
  readonly sequences: readonly SequencePlace[];
}

/**
 * @param versions oldest first
 * @param forDown gives the database on which it goes down and up again; called when it stands at the end of going up
 * @throws {Fault} as applyMigrations
 */
export async function run(
  scripts: Scripts,
  copy: Database,
  versions: readonly string[],
  forDown: () => Promise<Database>,
): Promise<Course> {
  // The tool's tables are made by statements already, which event triggers see.
  const schema = await copy.dump(scripts.signal);
  refuseReaching(scripts, plansOf(scripts, versions), { schema, alone: copy.engine === 'embedded' });
  const { own, former } = await beginOn(scripts, copy);
  const down = reversibleIn(scripts, versions, former);
  const passes: TrialPass[] = [];
  const stand = (database: Database) => stateOf(database, own, scripts.signal);
  const began = await stand(copy);
  let [lowest, after] = [began, began];
  const course = (roundTrip: RoundTrip, stopped?: Stopped): Course => ({
    passes,
    changes: after === began ? [] : previewOf({ before: began.schema, after: after.schema }).changes,
    lost: lossesThere(began.tables, after.tables),
    roundTrip,
    ...(stopped && { stopped }),
  });
  // What cannot be reverted is no part of the round trip, which begins above it.
  const first = versions.slice(0, versions.length - down.versions.length);
  for (const leg of [first, versions.slice(first.length)]) {
    if (leg.length === 0) continue;
    lowest = after;
    const stopped = await pass(scripts, copy, 'up', leg, passes);
    after = await stand(copy);
    if (stopped) return course({ kind: 'unfinished' }, stopped);
  }
  if (down.versions.length === 0) return course({ kind: 'impossible', because: down.stopped ?? 'nothing was run.' });

  const other = await forDown();
  const reverted = await pass(scripts, other, 'down', down.versions, passes);
  if (reverted) return course({ kind: 'unfinished' }, reverted);
  const back = await stand(other);
  const again = await pass(scripts, other, 'upAgain', down.versions.toReversed(), passes);
  const tried: RoundTrip = {
    kind: 'tried',
    versions: down.versions,
    verdict: verdictOn(
      differenceButForOrder(lowest.schema, back.schema),
      lossesThereAndBack(lowest, back).filter((it) => !isAddedByTool(own, it)),
    ),
    again: again ? [] : differenceButForOrder(after.schema, (await stand(other)).schema),
    ...(down.stopped !== undefined && { stopped: down.stopped }),
  };
  return course(tried, again);
}

/** @throws {Fault} as planUp and planDown */
export const plansOf = (scripts: Pick<Scripts, 'folder' | 'read' | 'isMarked'>, versions: readonly string[]) => [
  ...planUp(scripts, versions),
  ...planDown(scripts, reversibleIn(scripts, versions).versions),
];

/**
 * The tool makes its tables before it runs anything, and they are there from then on.
 *
 * @returns what is none of the migrations', and the history before
 */
async function beginOn(
  scripts: Scripts,
  database: Database,
): Promise<{ readonly own: OwnObjects; readonly former: HistoryState }> {
  const { folder, history, waits, run: byTool } = scripts;
  const job = { database, history, ...(waits && { waits }) };
  return withLockedTarget(job, 'write', async (session) => {
    const former = await history.read(session);
    if (byTool) await beginByTool({ ...scripts, database }, byTool, session);
    await session.keep?.();
    return { own: ownObjects(folder.layout.name, former.table), former };
  });
}

/**
 * @param own that hold no rows of the migrations
 * @throws {Fault} `no-right` where not all rows may be read, so that nobody could tell whether one is lost
 */
async function stateOf(database: Database, own: OwnObjects, signal: AbortSignal): Promise<State> {
  const schema = await database.dump(signal);
  return whileWanted(database, 'read', signal, async (session) => {
    const { tables, sequences, unread } = await contentsOf(session);
    const closed = unread.filter((it) => !isOwnTable(own, it));
    if (closed.length > 0)
      throw new Fault('no-right', `${session.server.user} may not read all rows of ${closed.join(', ')}.`);
    return { schema, tables: tables.filter(({ name }) => !isOwnTable(own, name)), sequences };
  });
}

/** @returns how it ended when not all was run */
async function pass(
  scripts: Scripts,
  database: Database,
  name: TrialPass['pass'],
  versions: readonly string[],
  passes: TrialPass[],
): Promise<Stopped | undefined> {
  const began = performance.now();
  const onlooker = watch();
  const job: Job = { ...scripts, database, onlooker };
  const result = await (name === 'down' ? revertMigrations : applyMigrations)(job, versions);
  const former = passes.at(-1);
  const ms = performance.now() - began;
  // Going up may have taken two legs, and is one pass all the same.
  if (former?.pass === name) passes.pop();
  passes.push(
    former?.pass === name
      ? { ...former, migrations: [...former.migrations, ...onlooker.migrations], ms: former.ms + ms }
      : { pass: name, migrations: onlooker.migrations, ms },
  );
  const stopped = stoppedBy(result, name);
  if (stopped?.kind !== 'refused' || !onlooker.refusal || !isOfRows(stopped.finding)) return stopped;
  scripts.progress({ message: 'Asking which rows are to blame', cancellable: true });
  const rows = await refusingRows(database, onlooker.refusal, stopped.finding, scripts.signal);
  return rows.length === 0 ? stopped : { ...stopped, rows };
}

function stoppedBy(result: ApplyResult, pass: TrialPass['pass']): Stopped | undefined {
  switch (result.kind) {
    case 'done':
    case 'nothing':
      return undefined;
    case 'refused': {
      const { version, finding, text, stands } = result;
      return { kind: 'refused', version, pass, finding, text, state: stands };
    }
    case 'cancelled':
      return { kind: 'cancelled', state: result.state };
    case 'busy':
      throw new Error('nobody is asked to leave a copy');
  }
}

interface Reversible {
  /** Newest first. */
  readonly versions: readonly string[];
  /** Why no more of them. */
  readonly stopped?: string;
}

/**
 * From the newest on, as far as each has a down script.
 *
 * @param former what is applied already has to stay, and so does what stands below it; left out where it is not known
 */
function reversibleIn(
  scripts: Pick<Scripts, 'folder' | 'read' | 'isMarked'>,
  versions: readonly string[],
  former?: HistoryState,
): Reversible {
  const { migrations } = scripts.folder;
  const last = migrations.findLastIndex((it) => former?.applied(it) === 'applied' && !versions.includes(it.version));
  const below = new Set(migrations.slice(0, last + 1).map(({ version }) => version));
  const found: string[] = [];
  for (const version of versions.toReversed()) {
    if (below.has(version))
      return {
        versions: found,
        stopped: `${migrations[last]?.version}, which was applied before, stands upon ${version}.`,
      };
    try {
      planDown(scripts, [version]);
    } catch (cause) {
      if (!(cause instanceof Fault) || !withoutDown.has(cause.code)) throw cause;
      return { versions: found, stopped: cause.detail };
    }
    found.push(version);
  }
  return { versions: found };
}

const withoutDown: ReadonlySet<string> = new Set(['no-down', 'only-up', 'bad-migration']);
