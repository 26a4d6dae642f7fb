/** Which scripts are run, in what order, with texts that are read once; everything that can be known before is checked. */
import { basename } from 'node:path';
import { lineIndex, wholeText } from '../base/text';
import { Fault } from '../base/fault';
import { type EditedFiles, type HistoryState, isDone, versionsNeeded } from '../history/history';
import type { Script } from '../layouts/layout';
import { fileOf, type Migration } from '../layouts/migration';
import { type Message, messagesIn, statementsIn } from '../layouts/statements';
import { psqlVariableAt } from '../sql/psqlVariables';
import type { Statement } from '../sql/statement';
import type { Job, JobFiles } from './job';

/** One migration in one direction. */
export interface Planned {
  readonly migration: Migration;
  /** The migration below it in the folder. */
  readonly previous: Migration | undefined;
  readonly direction: Script['direction'];
  readonly path: string;
  readonly text: string;
  /** With its byte order mark. */
  readonly upText: string;
  /** In the order they stand; empty when the tool takes a missing file for an empty one. */
  readonly scripts: readonly PlannedScript[];
}

export interface PlannedScript {
  readonly script: Script;
  readonly statements: readonly Statement[];
  /** As the tool sends them; undefined where it leaves that to others. */
  readonly messages?: readonly Message[] | undefined;
}

/**
 * @param versions to be applied, in any order
 * @returns oldest first
 * @throws {Fault} `no-such-migration`, `not-readable`, `bad-migration` when the tool could not run a file
 */
export function planUp(job: JobFiles, versions: readonly string[]): readonly Planned[] {
  return named(job, versions).map((it) => planned(job, it, 'up'));
}

/**
 * @param versions to be reverted, in any order
 * @returns newest first
 * @throws {Fault} `only-up` where the tool has no way down, `no-down` when one of them has no statement to revert it by,
 *   and as planUp
 */
export function planDown(job: JobFiles, versions: readonly string[]): readonly Planned[] {
  return named(job, versions)
    .toReversed()
    .map((it) => planned(job, it, 'down'));
}

/** Those of the folder with these versions, oldest first. */
function named({ folder }: JobFiles, versions: readonly string[]): readonly Migration[] {
  const { migrations, path } = folder;
  const unknown = versions.find((version) => !migrations.some((it) => it.version === version));
  if (unknown !== undefined) throw new Fault('no-such-migration', `${unknown} is not in ${path}.`);
  const wanted = migrations.filter(({ version }) => versions.includes(version));
  if (folder.layout.onTwice !== 'runsFirst') return wanted;
  return wanted.filter((it) => wanted.find(({ version }) => version === it.version) === it);
}

/**
 * Is the database still as it was when the user was asked?
 *
 * @throws {Fault} `version-twice`, `blocked`, `history-moved`, `out-of-order`
 */
export function checkUp(job: JobFiles, plan: readonly Planned[], state: HistoryState): void {
  const { folder } = job;
  refuseTwice(
    folder,
    plan.map(({ migration }) => migration.version),
  );
  checkHistory({ folder }, state);
  if (state.edited?.effect?.stops) checkTexts(job, state.applied, state.edited);
  for (const it of folder.migrations) {
    const refusal = state.refuses?.(it);
    if (refusal !== undefined) throw new Fault('out-of-order', refusal);
  }
  for (const { migration, upText } of plan) {
    const applied = state.applied(migration);
    if (isDone(state, migration, upText))
      throw new Fault('history-moved', `${migration.version} has been applied meanwhile.`);
    if (applied === 'skipped')
      throw new Fault(
        'out-of-order',
        `${folder.layout.label} never runs ${migration.version}: a later one is applied.`,
      );
  }
  if (!state.skipsOlder && !state.refuses) return;
  const last = folder.migrations.findLastIndex((it) => plan.some(({ migration }) => migration === it));
  const left = folder.migrations
    .slice(0, last)
    .find((it) => state.applied(it) === 'pending' && !plan.some(({ migration }) => migration === it));
  if (!left) return;
  const does = state.skipsOlder ? 'never run' : 'refuse to run';
  throw new Fault('out-of-order', `${folder.layout.label} would ${does} ${left.version} afterwards.`);
}

/** @throws {Fault} `blocked` when one that is applied has another text now */
function checkTexts(job: JobFiles, applied: HistoryState['applied'], edited: EditedFiles): void {
  for (const it of job.folder.migrations) {
    if (it.upPath === undefined || applied(it) !== 'applied') continue;
    if (edited.has(it, wholeTextOf(job, it.upPath)))
      throw new Fault('blocked', `${it.version} is applied, and its file is another one. ${edited.effect?.says ?? ''}`);
  }
}

/**
 * Are these still the newest applied ones?
 *
 * @param versions that the user was asked about, newest first
 * @throws {Fault} `version-twice`, `blocked`, `history-moved`
 */
export function checkDown({ folder }: Pick<Job, 'folder'>, versions: readonly string[], state: HistoryState): void {
  refuseTwice(folder, versions);
  checkHistory({ folder }, state);
  const applied = folder.migrations.filter((it) => state.applied(it) === 'applied').map(({ version }) => version);
  const newest = applied.toReversed().slice(0, versions.length);
  const first = state.revertsFirst;
  if (first !== undefined && versions[0] !== undefined && first !== versions[0])
    throw new Fault('history-moved', `${folder.layout.label} takes back ${first} first. Nothing was reverted.`);
  if (newest.length === versions.length && newest.every((version, at) => version === versions[at])) return;
  const now = newest.length === 0 ? 'none is applied' : `the newest applied are ${newest.join(', ')}`;
  throw new Fault('history-moved', `${versions.join(', ')} should be reverted, but now ${now}. Nothing was reverted.`);
}

/** @throws {Fault} `version-twice` when the tool refuses the folder for it, or one of these versions */
function refuseTwice({ problems }: Job['folder'], versions: readonly string[]): void {
  const problem = problems.find(
    ({ stops, version = '' }) => stops === 'folder' || (stops === 'version' && versions.includes(version)),
  );
  if (problem) throw new Fault('version-twice', problem.message);
}

/** @throws {Fault} `blocked` when the tool would refuse to go on */
function checkHistory({ folder }: Pick<Job, 'folder'>, state: HistoryState): void {
  if (state.blocked !== undefined) throw new Fault('blocked', state.blocked);
  const known = new Set(folder.migrations.map(({ version }) => version));
  const [missing] = versionsNeeded(state, (it) => known.has(it));
  if (missing !== undefined) throw new Fault('blocked', `${missing} is applied and has no file in ${folder.path}.`);
}

function planned(job: JobFiles, migration: Migration, direction: Script['direction']): Planned {
  const { folder } = job;
  const path = direction === 'up' ? migration.upPath : migration.downPath;
  const ofUp = migration.upPath === undefined ? '' : textOf(job, migration.upPath);
  const upText = migration.upPath === undefined ? '' : wholeTextOf(job, migration.upPath);
  const previous = folder.migrations[folder.migrations.indexOf(migration) - 1];
  if (path === undefined) {
    if (direction === 'down') throw noDown(folder, migration);
    return { migration, previous, direction, path: migration.downPath ?? '', text: '', upText, scripts: [] };
  }
  const text = path === migration.upPath ? ofUp : textOf(job, path);
  const { scripts, problems, outside } = fileOf(folder, path, text, job);
  if (folder.layout.program) {
    const stuck = problems.find(({ code }) => code === 'irreversible');
    if (direction === 'down' && stuck) throw new Fault('no-down', `${nameOf(migration)}: ${stuck.message}`);
    // What its tool cannot tell of it, it runs all the same.
    const known = scripts.filter((it) => it.direction === direction).map((it) => cut(folder, path, text, it));
    return { migration, previous, direction, path, text, upText, scripts: known };
  }
  if (outside !== undefined) throw new Fault('bad-migration', `${path}: ${outside}`);
  const problem = problems.find((it) => it.severity === 'error' && (it.direction ?? direction) === direction);
  if (problem) throw new Fault('bad-migration', `${placeOf(path, text, problem.range.start)}: ${problem.message}`);
  const wanted = scripts.filter((it) => it.direction === direction);
  // A part may say that nothing has to be done to take it back.
  if (direction === 'down' && !wanted.some((it) => it.part !== undefined || statementsIn(text, it).length > 0))
    throw new Fault('no-down', `the down script of ${nameOf(migration)} (${basename(path)}) has no statement.`);
  return {
    migration,
    previous,
    direction,
    path,
    text,
    upText,
    scripts: wanted.map((it) => cut(folder, path, text, it)),
  };
}

function noDown({ layout }: Job['folder'], migration: Migration): Fault {
  if (!layout.onlyUp) return new Fault('no-down', `${nameOf(migration)} has no down file.`);
  return new Fault(
    'only-up',
    `${layout.label} has no down scripts; nothing says how ${nameOf(migration)} is taken back.`,
  );
}

/**
 * Of migrations that are recorded in parts, those that are to be run in its direction.
 *
 * @throws {Fault} `no-down` when one of them has nothing to be reverted by
 */
export function leftOf(planned: Planned, { parts }: HistoryState): Planned {
  if (!parts) return planned;
  const { applied, open } = parts(planned.migration, planned.upText);
  const wanted = planned.direction === 'up' ? open : applied;
  const isThere = (part: string): boolean => planned.scripts.some(({ script }) => script.part === part);
  const missing = planned.direction === 'down' ? [...wanted].find((part) => !isThere(part)) : undefined;
  if (missing !== undefined)
    throw new Fault('no-down', `the changeset ${missing} of ${planned.migration.version} has no rollback.`);
  return {
    ...planned,
    scripts: planned.scripts.filter(({ script }) => script.part === undefined || wanted.has(script.part)),
  };
}

const nameOf = ({ version, title }: Migration): string => `${version} ${title}`.trimEnd();

function cut({ layout }: JobFiles['folder'], path: string, text: string, script: Script): PlannedScript {
  const statements = statementsIn(text, script);
  const psql = statements.find(({ kind }) => kind === 'psql');
  if (psql) {
    const [word = ''] = psql.text.split(/\s/, 1);
    const place = placeOf(path, text, psql.range.start);
    throw new Fault('bad-migration', `${place}: ${word} is for psql; Postgres does not know it.`);
  }
  const variable = layout.psql === 'surely' && statements.find((it) => psqlVariableAt(it.text) !== undefined);
  if (variable) {
    const place = placeOf(path, text, variable.range.start + (psqlVariableAt(variable.text) ?? 0));
    throw new Fault(
      'bad-migration',
      `${place}: psql puts a variable in here. Deploy and revert it with ${layout.label}.`,
    );
  }
  return { script, statements, messages: messagesIn(text, script) };
}

function textOf({ read }: JobFiles, path: string): string {
  const text = read(path);
  if (text === undefined) throw new Fault('not-readable', `${path} is not there.`);
  return text;
}

/** With its byte order mark. */
const wholeTextOf = (job: JobFiles, path: string): string =>
  wholeText({ text: textOf(job, path), isMarked: job.isMarked(path) });

const placeOf = (path: string, text: string, offset: number): string => `${path}:${lineIndex(text)(offset).line + 1}`;
