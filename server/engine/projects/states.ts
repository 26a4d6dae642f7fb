/** Which migrations are applied, pending, edited since, or passed over? */
import { wholeText } from '../base/text';
import { Fault } from '../base/fault';
import { unlessUnreadable } from '../base/unlessUnreadable';
import type { AppliedMemory } from '../history/appliedMemory';
import { type HistoryState, isDone } from '../history/history';
import { fileOf, type Migration, type PlacedProblem } from '../layouts/migration';
import type { MigrationState } from '../project';
import type { LiveDatabase } from './live';
import type { Ground } from './ground';
import type { ReadMigration } from './links';
import { appliedVariant } from './edits';
import { unreadUp } from './unread';

/** A state, and what its tool makes of it: whole sentences, where there is more to say than the state does. */
export interface Standing {
  readonly state: MigrationState;
  readonly reason?: string;
  /** It is left by its tool, and nobody need do anything about it. */
  readonly isMeant?: true;
  /** A version below this one that no file has, where that matters to its tool. */
  readonly gap?: string;
  /** Where another file has the same version. */
  readonly twice?: PlacedProblem;
}

export function standingOf(ground: Ground, live: LiveDatabase, read: ReadMigration): Standing {
  const { history } = live;
  const state = stateOf(ground, live, read);
  const reason = reasonOf(ground, live, read, state);
  const gap = state === 'pending' ? gapBelow(ground, history, read) : undefined;
  const twice = twiceIn(ground, read.migration);
  return {
    state,
    ...(reason === undefined ? {} : { reason }),
    ...(state === 'skipped' && history.leaves?.(read.migration) !== undefined && { isMeant: true }),
    ...(gap === undefined ? {} : { gap }),
    ...(twice && { twice }),
  };
}

const twiceIn = ({ folder }: Pick<Ground, 'folder'>, migration: Migration): PlacedProblem | undefined =>
  folder.problems.find(({ version }) => version === migration.version);

/** Of numbers in a row, not of times; one that somebody else is about to merge would be too late behind this one. */
function gapBelow({ folder }: Ground, history: HistoryState, { migration }: ReadMigration): string | undefined {
  const { version, name } = migration;
  const before = folder.migrations[folder.migrations.indexOf(migration) - 1]?.version;
  const isInARow = [version, before].every((it) => it !== undefined && /^\d{1,6}$/.test(it));
  if (!isInARow || Number(version) - Number(before) < 2) return undefined;
  const missing = String(Number(version) - 1).padStart(name.digits.length, '0');
  const effect = history.skipsOlder
    ? `${folder.layout.label} would never run it after this one`
    : history.refuses && `${folder.layout.label} would refuse it after this one`;
  return effect && `There is no version ${missing} here. Should it be on another branch: ${effect}.`;
}

function reasonOf(ground: Ground, live: LiveDatabase, read: ReadMigration, state: MigrationState) {
  const { history } = live;
  const { migration } = read;
  switch (state) {
    case 'edited': {
      const only = appliedVariant(wholeUpText(read), isAsApplied(ground, live, migration))?.differsIn;
      const what = only === undefined ? '' : ` It differs in nothing but ${only}.`;
      const effect =
        history.edited?.effect?.says ?? 'The change reaches no database that has it: write a new migration instead.';
      return `This migration was applied and has been edited since.${what} ${effect}`;
    }
    case 'skipped':
      return (
        history.leaves?.(migration) ??
        `${ground.folder.layout.label} will never run this migration: a later one is applied already. Give it a higher version.`
      );
    case 'pending':
      return history.refuses?.(migration);
    case 'applied':
    case 'missing':
      return undefined;
  }
}

function stateOf(ground: Ground, live: LiveDatabase, read: ReadMigration): MigrationState {
  const { history } = live;
  const { migration } = read;
  const whole = wholeUpText(read);
  const [state, done] = [history.applied(migration), isDone(history, migration, whole)];
  if (state !== 'applied' && !done) return state;
  if (wasPassedOver(ground, live, migration)) return 'skipped';
  // What cannot be read is said by itself; whether it is another text, nobody knows.
  if (unreadUp(read)) return 'applied';
  if (!done) return 'pending';
  return isAsApplied(ground, live, migration)(whole) ? 'applied' : 'edited';
}

/** Of its up file. */
export const wholeUpText = ({ link: { up }, files }: ReadMigration): string => {
  const file = files.get(up.path);
  return file ? wholeText(file) : up.text;
};

/**
 * @returns whether a text, with its byte order mark, is what was applied, as far as anybody has kept that; of two files
 *   of one version nobody knows which one that was
 */
export const isAsApplied =
  (ground: Ground, { history, remembered }: LiveDatabase, migration: Migration) =>
  (whole: string): boolean => {
    if (twiceIn(ground, migration) !== undefined) return true;
    if (history.edited) return !history.edited.has(migration, whole);
    const text = whole.replace(/^\uFEFF/, '');
    return !remembered.texts.edited(migration.version, text) || hasKeptUp(ground, remembered, migration, text);
  };

/**
 * Whether it differs from what was kept in its down script alone, which no database has yet. Of programs SQL is kept, and
 * not the file.
 */
function hasKeptUp(
  { folder, world }: Ground,
  { kept }: AppliedMemory,
  { version, upPath, downPath }: Migration,
  text: string,
): boolean {
  if (upPath === undefined || upPath !== downPath || folder.layout.program) return false;
  const wasApplied = kept.all().get(version)?.up?.text;
  const upOf = (of: string): string =>
    JSON.stringify(
      fileOf(folder, upPath, of, world.files)
        .scripts.filter(({ direction }) => direction === 'up')
        .map(({ range, mode }) => [mode, of.slice(range.start, range.end).replaceAll('\r\n', '\n').trim()]),
    );
  return wasApplied !== undefined && upOf(wasApplied) === upOf(text);
}

/** Where it is only recorded how far the tool came, a file that appears below that later was never run. */
function wasPassedOver(ground: Ground, { history, remembered }: LiveDatabase, { version, name }: Migration): boolean {
  if (!history.recordsNewest || remembered.texts.knows(version)) return false;
  const newest = newestKnown(ground, remembered);
  return newest !== undefined && name.order < newest.name.order;
}

/** Of those that were applied when we last looked. Each of thousands asks for it. */
function newestKnown({ folder }: Ground, { texts }: AppliedMemory): Migration | undefined {
  const former = newestIn.get(texts.known);
  if (former?.among === folder.migrations) return former.newest;
  const newest = folder.migrations.findLast(({ version }) => texts.knows(version));
  newestIn.set(texts.known, { among: folder.migrations, newest });
  return newest;
}

const newestIn = new WeakMap<
  object,
  { readonly among: readonly Migration[]; readonly newest: Migration | undefined }
>();

/**
 * Of those that are applied, what was kept when we applied them, or what is on the disk now, unless an earlier look has
 * remembered them. Which of two files of one version was applied, nobody knows.
 */
export function rememberApplied(ground: Ground, live: LiveDatabase, migrations: readonly ReadMigration[]): void {
  const { world, folder } = ground;
  const { history, remembered } = live;
  // Of programs SQL is kept, and not the file.
  const keptText = (version: string) =>
    folder.layout.program ? undefined : remembered.kept.all().get(version)?.up?.text;
  const applied = migrations.filter(
    ({ migration }) => history.applied(migration) === 'applied' && !wasPassedOver(ground, live, migration),
  );
  const entry = ({ migration, link }: ReadMigration) =>
    [
      migration.version,
      () =>
        twiceIn(ground, migration)
          ? undefined
          : (keptText(migration.version) ?? unlessUnreadable(() => world.disk.read(link.up.path))),
    ] as const;
  try {
    remembered.texts.remember(new Map(applied.map(entry)));
  } catch (error) {
    // Nothing but the state `edited` depends on it.
    if (!(error instanceof Fault)) throw error;
    world.log(error.message);
  }
}
