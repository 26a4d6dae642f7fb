/** Changes of the target by its migrations: consent, a snapshot first, then up or down. */
import { applyMigrations, revertMigrations } from '../apply/apply';
import type { Job, JobFiles, ToolRun } from '../apply/job';
import { checkDown, checkUp, planDown, planUp } from '../apply/plan';
import { Fault } from '../base/fault';
import { untilAborted } from '../base/untilAborted';
import { megabytes } from '../base/words';
import type {
  ApplyRequest,
  ApplyResult,
  Consent,
  Progress,
  RevertRequest,
  SnapshotForecast,
  SnapshotResult,
} from '../project';
import { runProgram } from '../programs/runProgram';
import { forecast } from '../snapshots/forecast';
import { takeSnapshot } from '../snapshots/snapshots';
import { packing } from './keeping';
import { dropOld } from './retaining';
import type { LiveDatabase } from './live';
import { demandConsent, demandWritable } from './consent';
import { keepWanted, wholeFolder } from './keptFiles';
import { leaveBeside } from './inheriting';
import { demandRehearsed } from './rehearsed';
import { onlyReadingIn, programCall } from './toolAnswers';
import { around, type Ground } from './ground';
import { look, type View } from './look';

/** Who is told of it and may stop it. */
export interface Asker {
  readonly progress: (step: Progress) => void;
  readonly signal: AbortSignal;
}

/** What is asked for, and the target as it was when nothing known kept it from being done. */
interface Foreseen {
  readonly live: LiveDatabase;
  readonly versions: readonly string[];
  /** What is run. */
  readonly files: JobFiles;
}

/**
 * What can be known before the user is asked, and before a snapshot is taken; the same is looked at again under the lock.
 *
 * @throws {Fault} as `apply`
 */
export async function foreseeApply(
  ground: Ground,
  which: ApplyRequest['which'],
  signal: AbortSignal | undefined,
): Promise<Foreseen & { readonly view: View }> {
  demandWritable(ground.bench.target);
  const view = await look(ground, signal);
  const { live, migrations } = view;
  const pending = migrations.filter(({ state }) => state === 'pending').map(({ migration }) => migration.version);
  const versions = versionsOf(which, pending);
  const files = filesOf(ground);
  if (versions.length > 0) checkUp(files, planUp(files, versions), live.history);
  return { live, versions, files, view };
}

/**
 * As foreseeApply.
 *
 * @throws {Fault} as `revert`
 */
async function foreseeRevert(
  ground: Ground,
  versions: readonly string[],
  signal: AbortSignal | undefined,
): Promise<Foreseen> {
  demandWritable(ground.bench.target);
  const { live } = await look(ground, signal);
  const files = filesToRevert(ground, live, versions);
  if (versions.length > 0) {
    checkDown(files, versions, live.history);
    planDown(files, versions);
  }
  return { live, versions, files };
}

/**
 * Also what is kept of migrations that have no file here; a tool that runs its files itself cannot do without them.
 *
 * @throws {Fault} `no-down`
 */
function filesToRevert(ground: Ground, live: LiveDatabase, versions: readonly string[]): JobFiles {
  const { folder, files, missing } = wholeFolder(ground, live);
  const { program, label } = ground.folder.layout;
  const stuck = program && missing.find(({ version }) => versions.includes(version));
  if (stuck) throw new Fault('no-down', `${label} itself reverts, and has no file of ${stuck.version} here.`);
  const disk = files(ground.world.disk);
  return program
    ? filesOf(ground)
    : { folder, read: (path) => disk.read(path), isMarked: (path) => disk.isMarked(path) };
}

/**
 * As `foreseeApply`, outside of the turns: what was seen of the target may be old, and is looked at anew before it is
 * held against the user.
 *
 * @throws {Fault} as `apply`
 */
export const mayApply = (ground: Ground, which: ApplyRequest['which'], signal?: AbortSignal): Promise<void> =>
  asItIsNow(ground, () => foreseeApply(ground, which, signal), signal);

/**
 * As mayApply.
 *
 * @throws {Fault} as `revert`
 */
export const mayRevert = (ground: Ground, versions: readonly string[], signal?: AbortSignal): Promise<void> =>
  asItIsNow(ground, () => foreseeRevert(ground, versions, signal), signal);

/** A target that cannot be looked at has just been asked, and is not asked twice. */
async function asItIsNow(ground: Ground, foresee: () => Promise<Foreseen>, signal?: AbortSignal): Promise<void> {
  const { bench } = ground;
  await look(ground, signal);
  try {
    await foresee();
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    await bench.patiently(() => untilAborted(bench.refreshIfMoved('asked'), signal));
    await foresee();
  }
}

/** Alone only. */
export async function apply(ground: Ground, request: ApplyRequest, asker: Asker): Promise<ApplyResult> {
  const { live, versions, files, view } = await foreseeApply(ground, request.which, asker.signal);
  if (versions.length === 0) return { kind: 'nothing' };
  await demandRehearsed(ground, planUp(files, versions), asker.signal);
  const reason = `before applying ${namedBriefly(versions)}`;
  return change(ground, live, { ...request, reason }, asker, (job) => {
    keepWanted(ground, view, versions);
    return applyMigrations({ ...job, ...files }, versions);
  });
}

/** Alone only. */
export async function revert(ground: Ground, request: RevertRequest, asker: Asker): Promise<ApplyResult> {
  const { live, versions, files } = await foreseeRevert(ground, request.versions, asker.signal);
  if (versions.length === 0) return { kind: 'nothing' };
  const reason = `before reverting ${namedBriefly(versions)}`;
  return change(ground, live, { ...request, reason }, asker, (job) => revertMigrations({ ...job, ...files }, versions));
}

interface Change extends Consent {
  readonly snapshot: boolean;
  /** For the list of snapshots. */
  readonly reason: string;
}

/** Takes a snapshot first when it is wished; then changes the target; then looks at it anew. */
export async function change(
  ground: Ground,
  live: LiveDatabase,
  wishes: Change,
  asker: Asker,
  work: (job: Job) => Promise<ApplyResult>,
): Promise<ApplyResult> {
  const { bench } = ground;
  demandConsent(bench.target, wishes.confirmedName);
  const snapshot = wishes.snapshot ? await snapshotFirst(ground, live, wishes, asker) : undefined;
  if (snapshot?.kind === 'busy') return snapshot;
  try {
    const result = await work(jobOf(ground, asker));
    return snapshot && result.kind !== 'nothing' && result.kind !== 'busy'
      ? { ...result, snapshot: snapshot.snapshot.id }
      : result;
  } finally {
    bench.refresh();
    if (snapshot) await dropOld(ground, asker.signal);
  }
}

async function snapshotFirst(
  ground: Ground,
  live: LiveDatabase,
  { reason, disconnect }: Change,
  { progress, signal }: Asker,
): Promise<SnapshotResult> {
  const { target } = ground.bench;
  const surroundings = around(ground, signal);
  const foreseen = await forecast(target, undefined, surroundings);
  progress({ message: `Taking a snapshot of ${target.info.label} (${toldOf(foreseen)})`, cancellable: true });
  const order = { reason, version: live.history.versions.at(-1), disconnect, ...packing(ground) };
  const result = await takeSnapshot(target, order, surroundings);
  if (result.kind === 'taken') leaveBeside(ground, result.snapshot.id, live.remembered.heritage());
  return result;
}

function toldOf({ bytes, ms, fits, room }: SnapshotForecast): string {
  const time = ms < 1_000 ? '' : `, about ${Math.round(ms / 1_000)} s`;
  return `${megabytes(bytes)}${time}${fits || !room ? '' : `; only ${megabytes(room.bytes)} are free`}`;
}

export function jobOf(ground: Ground, { progress, signal }: Asker): Job {
  const { bench, world } = ground;
  const { storage, now } = world;
  const { database } = bench.target;
  const run = toolRunOf(ground);
  return { ...filesOf(ground), database, history: bench.history, storage, now, progress, signal, ...(run && { run }) };
}

/** What the tool prints is for the log. */
function toolRunOf({ folder, world, options }: Ground): ToolRun | undefined {
  const { program, label } = folder.layout;
  if (!program) return undefined;
  const call = programCall(world, options, folder, program);
  const log = (line: string): void => world.log(`${label}: ${line}`);
  return (question, onTold, signal) => runProgram({ ...call, question, onTold, log, limitMs: longestMs, signal });
}

/**
 * The same on a copy of the target: what would connect to the target is led to the copy, and all other sessions only
 * read. Whether it was led there is seen by our lock, as always.
 */
export function toolTrialOf(ground: Ground): ToolRun | undefined {
  const { folder, world, options, bench } = ground;
  const { program } = folder.layout;
  if (!program) return undefined;
  const { environment } = programCall(world, options, folder, program);
  const reading: Ground = { ...ground, world: { ...world, environment: onlyReadingIn(environment) } };
  const run = toolRunOf(reading);
  return run && ((question, ...rest) => run({ ...question, copyOf: bench.target.database.name }, ...rest));
}

/** Of one apply by a tool: it may rewrite large tables, and can be cancelled. */
const longestMs = 24 * 3_600_000;

export const filesOf = ({ folder, world }: Ground): JobFiles => ({
  folder,
  read: (path) => world.disk.read(path),
  isMarked: (path) => world.disk.isMarked(path),
});

/** A few by name, many by their number and ends. */
const namedBriefly = (versions: readonly string[]): string =>
  versions.length <= 3
    ? versions.join(', ')
    : `${versions.length} migrations, ${versions[0] ?? ''} to ${versions.at(-1) ?? ''}`;

/** @throws {Fault} `not-pending` */
function versionsOf(which: ApplyRequest['which'], pending: readonly string[]): readonly string[] {
  if (which === 'all') return pending;
  const version = 'only' in which ? which.only : which.upTo;
  const index = pending.indexOf(version);
  if (index < 0)
    throw new Fault(
      'not-pending',
      pending.length === 0 ? `${version}; none is.` : `${version}; the pending ones are ${pending.join(', ')}.`,
    );
  return 'only' in which ? [version] : pending.slice(0, index + 1);
}
