/** What the client says at the start and when settings change, checked and completed: an editor may say nothing at all. */
import { isAbsolute, join, resolve } from 'node:path';
import { isObject } from '../engine/base/json';
import type { Language } from '../engine/programs/interpreter';
import type { EngineOptions, TargetChoice } from '../engine/project';
import type { Files } from '../engine/world';
import type { HintLevel, InitializationOptions, RetentionSetting, Settings } from '../protocol/messages';

/** The settings of an editor that has none. */
const defaults: Settings = {
  folders: [],
  layout: 'auto',
  layouts: {},
  database: '',
  shadow: 'auto',
  shadowDataLimit: null,
  snapshotRetention: {},
  snapshotCompression: 'none',
  databasePerBranch: false,
  postgresBinaries: [],
  python: '',
  ruby: '',
  statementTimeout: 5_000,
  inlayHints: 'off',
  requireIdempotent: false,
  environments: {},
  rehearsalMaxAge: 60,
};

const hintLevels = ['off', 'compact', 'full'] as const satisfies readonly HintLevel[];

/** An editor that sends nothing trusts its workspace: it has no Restricted Mode. */
export function readInitializationOptions(value: unknown): InitializationOptions {
  const given = isObject(value) ? value : {};
  return {
    trusted: given['trusted'] !== false,
    settings: readSettings(given['settings']),
    targets: readTargets(given['targets']),
  };
}

/** Settings of a wrong type are as if they were not there. */
export function readSettings(value: unknown): Settings {
  const given = isObject(value) ? value : {};
  const { statementTimeout: timeout, shadowDataLimit: limit, rehearsalMaxAge: age } = given;
  return {
    folders: strings(given['folders']),
    layout: string(given['layout'], defaults.layout),
    layouts: namesOf(given['layouts']),
    database: string(given['database'], defaults.database),
    shadow: string(given['shadow'], defaults.shadow),
    shadowDataLimit: typeof limit === 'number' && limit >= 0 ? limit : defaults.shadowDataLimit,
    snapshotRetention: readRetention(given['snapshotRetention']),
    snapshotCompression: given['snapshotCompression'] === 'gzip' ? 'gzip' : 'none',
    databasePerBranch: given['databasePerBranch'] === true,
    postgresBinaries: strings(given['postgresBinaries']),
    python: string(given['python'], defaults.python),
    ruby: string(given['ruby'], defaults.ruby),
    statementTimeout: typeof timeout === 'number' && timeout > 0 ? timeout : defaults.statementTimeout,
    inlayHints: hintLevels.find((it) => it === given['inlayHints']) ?? defaults.inlayHints,
    requireIdempotent: demandOf(given['requireIdempotent']),
    environments: isObject(given['environments']) ? given['environments'] : defaults.environments,
    rehearsalMaxAge: typeof age === 'number' && age > 0 ? age : defaults.rehearsalMaxAge,
  };
}

/**
 * @param roots absolute paths of the workspace folders
 * @param chosen target that the user picked for a folder of migrations
 */
export function engineOptions(
  roots: readonly string[],
  settings: Settings,
  files: Files,
  chosen: (folder: string) => TargetChoice | undefined,
): EngineOptions {
  return {
    roots,
    folders: settings.folders.flatMap((folder) => absoluteFolders(folder, roots, files)),
    layout: settings.layout === '' || settings.layout === 'auto' ? undefined : settings.layout,
    layouts: byFolder(roots, settings.layouts),
    target: (folder) => chosen(folder) ?? settingsTarget(settings.database),
    statementMs: settings.statementTimeout,
    shadow: shadowOf(settings.shadow),
    shadowDataLimit: settings.shadowDataLimit ?? undefined,
    snapshots: snapshotSettings(settings),
    binaries: settings.postgresBinaries,
    interpreters: named({ python: settings.python, ruby: settings.ruby }),
    observe: settings.inlayHints,
    requireIdempotent: demandBelow(roots, settings.requireIdempotent),
    environments: settings.environments,
    rehearsalMaxAge: settings.rehearsalMaxAge,
  };
}

/** A relative folder is looked for below each root; one that is nowhere is kept below the first, for the engine to say so. */
function absoluteFolders(folder: string, roots: readonly string[], files: Files): readonly string[] {
  if (isAbsolute(folder)) return [folder];
  const below = roots.map((root) => join(root, folder));
  const there = below.filter((path) => files.list(path).length > 0);
  return there.length > 0 ? there : below.slice(0, 1);
}

function demandBelow(
  roots: readonly string[],
  demand: Settings['requireIdempotent'] = false,
): (folder: string) => boolean {
  if (typeof demand === 'boolean') return () => demand;
  const known = byFolder(roots, demand);
  return (folder) => known(folder) ?? false;
}

/** What is said of a folder, relative to any root. */
function byFolder<T>(roots: readonly string[], said: Readonly<Record<string, T>>): (folder: string) => T | undefined {
  const known = new Map(
    Object.entries(said).flatMap(([folder, it]) =>
      (isAbsolute(folder) ? [folder] : roots.map((root) => join(root, folder))).map(
        (path) => [resolve(path), it] as const,
      ),
    ),
  );
  return (folder) => known.get(resolve(folder));
}

function settingsTarget(database: string): TargetChoice | undefined {
  if (database === '') return undefined;
  return database === 'embedded' ? { kind: 'embedded' } : { kind: 'server', connection: database };
}

/** Those that are set. */
const named = (interpreters: Readonly<Record<Language, string>>): NonNullable<EngineOptions['interpreters']> =>
  Object.fromEntries(Object.entries(interpreters).filter(([, it]) => it !== ''));

function shadowOf(shadow: string): EngineOptions['shadow'] {
  switch (shadow) {
    case '':
      return 'auto';
    case 'auto':
    case 'private':
    case 'same-server':
    case 'embedded':
      return shadow;
    default:
      return { url: shadow };
  }
}

/** Nothing is thrown away by a limit that is no whole number from 1 on. */
function readRetention(value: unknown): RetentionSetting {
  const given = isObject(value) ? value : {};
  const limit = (name: keyof RetentionSetting): RetentionSetting => {
    const number = given[name];
    return typeof number === 'number' && Number.isInteger(number) && number > 0 ? { [name]: number } : {};
  };
  return { ...limit('count'), ...limit('days'), ...limit('megabytes') };
}

function snapshotSettings({
  snapshotRetention: { megabytes, ...rest },
  snapshotCompression,
}: Settings): NonNullable<EngineOptions['snapshots']> {
  return {
    packed: snapshotCompression === 'gzip' ? 'gzip' : 'plain',
    retention: { ...rest, ...(megabytes === undefined ? {} : { bytes: megabytes * 1_000_000 }) },
  };
}

function readTargets(value: unknown): Readonly<Record<string, TargetChoice>> {
  const targets: Record<string, TargetChoice> = {};
  for (const [folder, choice] of Object.entries(isObject(value) ? value : {})) {
    const read = readChoice(choice);
    if (read) targets[folder] = read;
  }
  return targets;
}

function readChoice(value: unknown): TargetChoice | undefined {
  if (!isObject(value)) return undefined;
  if (value['kind'] === 'embedded') return { kind: 'embedded' };
  const { connection, password } = value;
  if (value['kind'] !== 'server' || typeof connection !== 'string') return undefined;
  return typeof password === 'string' ? { kind: 'server', connection, password } : { kind: 'server', connection };
}

const string = (value: unknown, otherwise: string): string => (typeof value === 'string' ? value : otherwise);

const namesOf = (value: unknown): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(isObject(value) ? value : {}).filter((it): it is [string, string] => typeof it[1] === 'string'),
  );

const demandOf = (value: unknown): NonNullable<Settings['requireIdempotent']> =>
  isObject(value)
    ? Object.fromEntries(Object.entries(value).filter((it): it is [string, boolean] => typeof it[1] === 'boolean'))
    : value === true;

const strings = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((it): it is string => typeof it === 'string') : [];
