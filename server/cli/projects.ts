/** Which folders of migrations a command is about, and which of their migrations. */
import { existsSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, resolve, sep } from 'node:path';
import { Fault } from '../engine/base/fault';
import { pathsOf } from '../engine/layouts/migration';
import type { ApplyRequest, EngineOptions, MigrationStatus, Project, TargetChoice } from '../engine/project';
import { type Values, wholeNumber } from './arguments';
import type { Call } from './commands/command';
import { suggestion } from '../engine/base/nearest';
import { type Places, placesIn, relativePath } from './render/places';

/** Milliseconds that a statement may take when nothing else is said. */
const statementMs = 30_000;

/**
 * @param words paths on the command line, when the command takes paths: what lies outside the folder is looked at too
 * @throws {Fault} `bad-usage`
 */
export function engineOptions(values: Values, folder: string, words: readonly string[]): EngineOptions {
  const target = targetChoice(values);
  const { 'statement-timeout': timeout, 'data-limit': limit } = values;
  const dirs = namedFolders(values, folder);
  const layout = values.layout === 'auto' ? undefined : values.layout;
  const elsewhere = [...dirs, ...words.map((word) => home(resolve(folder, word)))];
  return {
    // The current folder stays a root: where the settings of a project come from does not depend on --dir.
    roots: [...new Set([folder, ...elsewhere.filter((it) => !isWithin(it, folder))])],
    folders: layout !== undefined || dirs.every(holdsSql) ? dirs : [],
    layout,
    layouts: () => undefined,
    target: () => target,
    environment: environmentNamed(values),
    requireIdempotent: () => values['require-idempotent'] === true,
    observe: values.observe === true ? 'full' : 'off',
    statementMs: timeout === undefined ? statementMs : wholeNumber('statement-timeout', timeout, 1),
    shadow: shadowPlace(values.shadow ?? 'auto'),
    snapshots: snapshotSettings(values),
    shadowDataLimit: limit === undefined ? undefined : wholeNumber('data-limit', limit, 0),
    binaries: (values['postgres-binaries'] ?? []).map((it) => resolve(folder, it)),
  };
}

/**
 * With --dir: those in or below the folders named.
 *
 * @throws {Fault} `no-migrations`
 */
export async function allProjects({ engine, folder, values }: Call): Promise<readonly Project[]> {
  const dirs = namedFolders(values, folder);
  const isNamed = ({ folder: { path } }: Project) => dirs.length === 0 || dirs.some((dir) => isWithin(path, dir));
  const projects = (await engine.projects()).filter(isNamed);
  if (projects.length > 0) return projects;
  throw new Fault('no-migrations', `there are none in or below ${values.dir?.join(', ') ?? folder}.`);
}

/** @throws {Fault} `bad-usage` when there are several and none was named */
export async function oneProject(call: Call): Promise<Project> {
  const [project, ...others] = await allProjects(call);
  if (project && others.length === 0) return project;
  const folders = [project, ...others].map((it) => relativePath(call.folder, it?.folder.path ?? ''));
  throw new Fault('bad-usage', `there are several folders of migrations; say which with --dir: ${folders.join(', ')}.`);
}

/** What of a project is meant by the words of the command line. */
export interface Selection {
  readonly project: Project;
  /** Paths as the project has them; undefined when the folder as a whole is meant. */
  readonly files: readonly string[] | undefined;
}

/**
 * Paths of files mean those migrations, paths of folders all migration folders in or below them.
 *
 * @throws {Fault} `no-such-migration` when a path leads to none
 */
export function select(projects: readonly Project[], words: readonly string[], folder: string): readonly Selection[] {
  if (words.length === 0) return projects.map((project) => ({ project, files: undefined }));
  const chosen = new Map<Project, Set<string> | undefined>();
  for (const word of words) {
    const path = existing(word, folder, 'no-such-migration');
    const inside = projects.filter((it) => isWithin(realpathSync(it.folder.path), path));
    for (const project of inside) chosen.set(project, undefined);
    if (inside.length > 0) continue;
    const { project, file } = ownerOf(path, word, projects);
    if (!chosen.has(project)) chosen.set(project, new Set());
    chosen.get(project)?.add(file);
  }
  return [...chosen].map(([project, files]) => ({ project, files: files && [...files] }));
}

/** Paths are shown as they stood on the command line. */
export function callPlaces({ folder, world, words }: Call, selected: readonly Selection[] = []): Places {
  const typed = new Map(words.map((word) => [resolve(folder, word), word]));
  const byReal = new Map(
    [...typed].flatMap(([path, word]) => (existsSync(path) ? [[realpathSync(path), word] as const] : [])),
  );
  const files = selected.flatMap((it) => it.files ?? []);
  const given = files.flatMap((file) => {
    const word = typed.get(file) ?? byReal.get(realpathSync(file));
    return word === undefined ? [] : [[file, word] as const];
  });
  return placesIn(folder, world.files, new Map(given));
}

/**
 * The migration that a word names: its version (with or without leading zeros), file or title.
 *
 * @throws {Fault} `no-such-migration` with the nearest match; `ambiguous` when several have that title
 */
export function migrationNamed(word: string, migrations: readonly MigrationStatus[]): MigrationStatus {
  const wanted = basename(word);
  const isVersion = ({ version }: MigrationStatus) => withoutZeros(version) === withoutZeros(wanted);
  const named = migrations.filter((it) => namesOf(it).includes(wanted));
  const found = migrations.find(isVersion) ?? (named.length === 1 ? named[0] : undefined);
  if (found) return found;
  if (named.length > 1)
    throw new Fault('ambiguous', `"${word}" is the title of ${named.map(({ version }) => version).join(', ')}.`);
  throw new Fault('no-such-migration', `"${word}"${suggestion(wanted, migrations.flatMap(namesOf)) || '.'}`);
}

/**
 * What --only and --up-to say of the pending migrations.
 *
 * @throws {Fault} `bad-usage`; as migrationNamed
 */
export function whichOf(
  { only, 'up-to': upTo }: Values,
  migrations: readonly MigrationStatus[],
): ApplyRequest['which'] {
  if (only !== undefined && upTo !== undefined) throw new Fault('bad-usage', '--only and --up-to exclude each other.');
  if (only !== undefined) return { only: migrationNamed(only, migrations).version };
  return upTo === undefined ? 'all' : { upTo: migrationNamed(upTo, migrations).version };
}

const namesOf = ({ version, title, migration }: MigrationStatus): readonly string[] => [
  version,
  ...(migration?.upPath === undefined ? [] : [basename(migration.upPath)]),
  // Where the version is more than that: Prisma's is the whole name of the folder.
  ...(migration?.name.digits ? [migration.name.digits] : []),
  title,
];

const withoutZeros = (version: string) => version.replace(/^0+(?=\d)/, '');

/** @throws {Fault} `no-migrations` */
const namedFolders = ({ dir = [] }: Values, folder: string): readonly string[] =>
  dir.map((it) => existing(it, folder, 'no-migrations'));

function targetChoice({ database, embedded }: Values): TargetChoice | undefined {
  if (embedded && database !== undefined) {
    throw new Fault('bad-usage', '--database and --embedded exclude each other.');
  }
  if (database?.trim() === '') throw new Fault('bad-usage', '--database is empty; is its variable set?');
  if (embedded) return { kind: 'embedded' };
  return database === undefined ? undefined : { kind: 'server', connection: database };
}

function environmentNamed({ environment, database, embedded }: Values): string | undefined {
  if (environment === undefined || (database === undefined && !embedded)) return environment;
  throw new Fault('bad-usage', '--environment names a database, and so does --database or --embedded.');
}

/** @throws {Fault} `bad-usage` */
function snapshotSettings(values: Values): NonNullable<EngineOptions['snapshots']> {
  const { 'keep-count': count, 'keep-days': days, 'keep-mb': megabytes } = values;
  return {
    packed: values.gzip === true ? 'gzip' : 'plain',
    retention: {
      ...(count !== undefined && { count: wholeNumber('keep-count', count, 1) }),
      ...(days !== undefined && { days: wholeNumber('keep-days', days, 1) }),
      ...(megabytes !== undefined && { bytes: wholeNumber('keep-mb', megabytes, 1) * 1_000_000 }),
    },
  };
}

function shadowPlace(word: string): EngineOptions['shadow'] {
  switch (word) {
    case 'auto':
    case 'private':
    case 'same-server':
    case 'embedded':
      return word;
    default:
      if (/^postgres(ql)?:\/\/|=/.test(word)) return { url: word };
      throw new Fault('bad-usage', `--shadow is auto, private, same-server, embedded or a URL, not "${word}".`);
  }
}

/** @throws {Fault} `no-such-migration` */
function ownerOf(path: string, word: string, projects: readonly Project[]): { project: Project; file: string } {
  for (const project of projects) {
    const paths = project.folder.migrations.flatMap(pathsOf);
    const file = paths.find((it) => basename(it) === basename(path) && realpathSync(it) === path);
    if (file !== undefined) return { project, file };
  }
  throw new Fault('no-such-migration', `${word} is none of the migrations that were found.`);
}

/** @throws {Fault} of that code */
function existing(word: string, folder: string, code: 'no-migrations' | 'no-such-migration'): string {
  const path = resolve(folder, word);
  if (existsSync(path)) return realpathSync(path);
  throw new Fault(code, `${word} is not there.`);
}

const holdsSql = (folder: string): boolean => readdirSync(folder).some((name) => name.endsWith('.sql'));

/** The folder of a file, or the folder itself. */
const home = (path: string) => (existsSync(path) && statSync(path).isDirectory() ? path : dirname(path));

const isWithin = (path: string, folder: string) =>
  path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
