/** What is kept of the files of applied migrations, and the folder with those of them that it lacks. */
import { basename, dirname, join } from 'node:path';
import { Fault } from '../base/fault';
import { unlessUnreadable } from '../base/unlessUnreadable';
import type { HistoryState } from '../history/history';
import type { KeptFile, KeptMigration } from '../history/keptChange';
import { fileNameIn, type Migration, type MigrationFolder } from '../layouts/migration';
import type { Files } from '../world';
import type { Ground, SeenMigration } from './ground';
import type { ReadFile } from './links';
import type { LiveDatabase } from './live';
import { liveNow, type View } from './look';

/** A folder as the database has seen it. */
export interface WholeFolder {
  readonly folder: MigrationFolder;
  /** Reads what is kept where the folder lacks it. */
  readonly files: (from: Files) => Files;
  /** Those that are applied and not in the folder. */
  readonly missing: readonly KeptMigration[];
}

/** With what is kept of migrations that are applied and have no file here, each where it was applied. */
export function wholeFolder({ folder }: Ground, { history, remembered }: LiveDatabase): WholeFolder {
  const here = new Set(folder.migrations.map(({ version }) => version));
  const missing = [...remembered.kept.all().values()].filter(
    ({ version, ...it }) =>
      !here.has(version) && history.applied(migrationOf(folder, { version, ...it })) === 'applied',
  );
  if (missing.length === 0) return { folder, files: (from) => from, missing };
  const texts = new Map(missing.flatMap(({ up, down }) => [up, down]).flatMap((it) => (it ? textsOf(folder, it) : [])));
  const placed = missing
    .map((it) => migrationOf(folder, it))
    .toSorted((one, other) => (one.name.order < other.name.order ? -1 : 1))
    .reduce((migrations, it) => inserted(migrations, it, history), folder.migrations);
  return { folder: { ...folder, migrations: placed }, files: (from) => overlaid(from, texts), missing };
}

/**
 * Keeps the files of what is applied and as it was applied, and nothing of what is not applied any more. What cannot be
 * kept is missed after a checkout, and not before.
 */
export function keepApplied(ground: Ground, { live, migrations }: View): void {
  const { world, folder } = ground;
  const { kept } = live.remembered;
  try {
    const known = kept.all();
    const wanted = migrations.flatMap((it) => (isSure(it) && !isKept(known.get(it.migration.version), it) ? [it] : []));
    const gone = [...known.values()].filter((it) => live.history.applied(migrationOf(folder, it)) !== 'applied');
    kept.put(
      wanted.flatMap((it) => fromDisk(ground, it) ?? []),
      gone.map(({ version }) => version),
    );
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    world.log(error.message);
  }
}

/** Before they are applied, so that it is known whatever happens then. @throws {Fault} `disk-full`, `not-writable` */
export function keepWanted(ground: Ground, { live, migrations }: View, versions: readonly string[]): void {
  const wanted = migrations.filter(({ migration }) => versions.includes(migration.version));
  live.remembered.kept.put(
    wanted.flatMap((it) => fromDisk(ground, it) ?? []),
    [],
  );
}

/** @throws {Fault} `applied-text-unknown` */
export async function keptSql(ground: Ground, version: string, signal?: AbortSignal): Promise<string> {
  const live = await liveNow(ground, signal);
  const kept = wholeFolder(ground, live).missing.find((it) => it.version === version);
  if (!kept) throw new Fault('applied-text-unknown', `Nothing is kept of ${version}.`);
  return sqlOf(kept);
}

/** What is shown of it: both scripts where they stand in files of their own. */
function sqlOf({ up, down }: KeptMigration): string {
  if (!down || down.fileName === up?.fileName) return up?.text ?? '';
  return [up, down].flatMap((it) => (it ? [`-- ${it.fileName}\n${it.text.trimEnd()}\n`] : [])).join('\n');
}

/** As it would be found in the folder. */
function migrationOf(folder: MigrationFolder, { version, title, name, up, down }: KeptMigration): Migration {
  const pathOf = (file: KeptFile | undefined) => file && join(folder.path, file.fileName);
  return { version, title, name, upPath: pathOf(up), downPath: pathOf(down) };
}

/** Beside what was applied before it, or after it, as far as the history tells; else where its name puts it. */
function inserted(
  migrations: readonly Migration[],
  migration: Migration,
  { versions }: HistoryState,
): readonly Migration[] {
  const at = versions.indexOf(migration.version);
  const isIn = (recorded: readonly string[]) => {
    const some = new Set(at < 0 ? [] : recorded);
    return ({ version }: Migration): boolean => some.has(version);
  };
  const places = [
    migrations.findLastIndex(isIn(versions.slice(0, at))) + 1 || -1,
    migrations.findIndex(isIn(versions.slice(at + 1))),
    migrations.findIndex(({ name }) => name.order > migration.name.order),
  ];
  return migrations.toSpliced(places.find((it) => it >= 0) ?? migrations.length, 0, migration);
}

function textsOf(folder: MigrationFolder, { fileName, text, isMarked, beside }: KeptFile) {
  return [
    [join(folder.path, fileName), { text, isMarked }] as const,
    ...Object.entries(beside).map(([name, it]) => [join(folder.path, name), { text: it, isMarked: false }] as const),
  ];
}

type Texts = ReadonlyMap<string, { readonly text: string; readonly isMarked: boolean }>;

const overlaid = (from: Files, texts: Texts): Files => ({
  ...from,
  read: (path) => texts.get(path)?.text ?? from.read(path),
  isMarked: (path) => texts.get(path)?.isMarked ?? from.isMarked(path),
});

/** Which of two files of one version was applied, nobody knows. */
const isSure = ({ state, twice, replayed }: SeenMigration): boolean =>
  state === 'applied' && twice === undefined && replayed === undefined;

function isKept(known: KeptMigration | undefined, { migration: { upPath, downPath }, files }: SeenMigration): boolean {
  const same = (kept: KeptFile | undefined, path: string | undefined): boolean => {
    const file = path === undefined ? undefined : files.get(path);
    return kept?.text === textOf(file) && kept?.isMarked === file?.isMarked;
  };
  return known !== undefined && same(known.up, upPath) && same(known.down, downPath);
}

/** Undefined where the disk has something else than what was looked at: what is only typed was never applied. */
function fromDisk(
  { folder, world }: Ground,
  { migration, files }: SeenMigration,
): Omit<KeptMigration, 'kept'> | undefined {
  const { version, title, name, upPath, downPath } = migration;
  const [up, down] = [upPath, downPath].map((path) => (path === undefined ? undefined : files.get(path)));
  const own = [up, down].filter((it) => it !== undefined);
  if (own.some(({ path, text }) => unlessUnreadable(() => world.disk.read(path)) !== text)) return undefined;
  return {
    version,
    title,
    name,
    ...(up && { up: keptFile(folder, up) }),
    ...(down && { down: keptFile(folder, down) }),
  };
}

/** Of a program the SQL that its tool has told: the program itself means nothing without those around it. */
const textOf = (file: ReadFile | undefined): string | undefined => file?.asked?.sql ?? file?.text;

const keptFile = (folder: MigrationFolder, file: ReadFile): KeptFile => ({
  fileName: fileNameIn(folder, file.path),
  text: textOf(file) ?? '',
  isMarked: file.isMarked,
  beside: Object.fromEntries(
    [...file.beside].flatMap(([name, it]) =>
      it !== undefined && goesWith(fileNameIn(folder, file.path), name) ? [[name, it]] : [],
    ),
  ),
});

/** What is read of all of them is there whatever branch it is: only what belongs to this one is kept with it. */
const goesWith = (fileName: string, beside: string): boolean =>
  basename(beside).startsWith(basename(fileName)) ||
  (dirname(fileName) !== '.' && dirname(beside) === dirname(fileName));
