/**
 * What node-pg-migrate is told: by the scripts of package.json that call it, and by the files that it reads then.
 *
 * Facts from salsita/node-pg-migrate v9.0.0: bin/node-pg-migrate.ts (the same in v10: src/cli/config.ts, options.ts). It
 * reads no rc file and no section of package.json.
 */
import { posix } from 'node:path';
import { isObject, jsonIn } from '../base/json';
import { foldersAbove } from './above';
import type { FolderContents } from './layout';

export interface NodePgMigrateConfig {
  readonly table: string;
  /** Of search_path; the first one has the history, unless `historySchema` is another one. */
  readonly schemas: readonly string[];
  readonly historySchema: string | undefined;
  readonly createsSchemas: boolean;
  readonly createsHistorySchema: boolean;
  readonly checksOrder: boolean;
  readonly singleTransaction: boolean;
  /** `timestamp`, `utc`, `index`. */
  readonly nameFormat: string | undefined;
}

export const usual: NodePgMigrateConfig = {
  table: 'pgmigrations',
  schemas: ['public'],
  historySchema: undefined,
  createsSchemas: false,
  createsHistorySchema: false,
  checksOrder: true,
  singleTransaction: true,
  nameFormat: undefined,
};

const levels = foldersAbove(3);

export const configurationFiles: readonly string[] = levels.flatMap((up) => [
  `${up}package.json`,
  `${up}config/default.json`,
]);

type Settings = Readonly<Record<string, unknown>>;

/** @returns undefined where no package around has it for this folder */
export function configFor({ path, read }: Pick<FolderContents, 'path' | 'read'>): NodePgMigrateConfig | undefined {
  const folder = path.replaceAll('\\', '/');
  for (const up of levels) {
    const text = read(`${up}package.json`);
    const manifest = text === undefined || !text.includes('node-pg-migrate') ? undefined : parsed(text);
    if (!manifest) continue;
    const root = posix.join(folder, up);
    const known = callsIn(manifest).map((flags) => ({ ...flags, ...filesFor(flags, up, read) }));
    const mine = known.filter((it) => posix.join(root, folderIn(it)).replace(/\/$/, '') === folder);
    if (mine.length === 0) return undefined;
    return configOf(Object.assign({}, ...mine));
  }
  return undefined;
}

const folderIn = (settings: Settings): string => textIn(settings, 'migrations-dir') ?? 'migrations';

function configOf(settings: Settings): NodePgMigrateConfig {
  const { schema } = settings;
  const named = Array.isArray(schema) ? (schema as unknown[]) : [schema];
  // The tool quotes none: with one of its own a name would be SQL.
  const schemas = named.filter((it): it is string => typeof it === 'string' && it !== '' && !it.includes('"'));
  return {
    table: textIn(settings, 'migrations-table') ?? usual.table,
    schemas: schemas.length === 0 ? usual.schemas : schemas,
    historySchema: textIn(settings, 'migrations-schema'),
    createsSchemas: settings['create-schema'] === true,
    createsHistorySchema: settings['create-migrations-schema'] === true,
    checksOrder: settings['check-order'] !== false,
    singleTransaction: settings['single-transaction'] !== false,
    nameFormat: textIn(settings, 'migration-filename-format'),
  };
}

const textIn = (settings: Settings, key: string): string | undefined => {
  const value = settings[key];
  return typeof value === 'string' && value !== '' ? value : undefined;
};

/** The file that `--config-file` names, where it is JSON, and `config/default.json`; both go before the flags. */
function filesFor(flags: Settings, up: string, read: FolderContents['read']): Settings {
  const section = textIn(flags, 'config-value') ?? 'db';
  const file = textIn(flags, 'config-file');
  const named = file === undefined ? {} : (parsed(read(posix.join(up, file)) ?? '') ?? {});
  const usualFile = parsed(read(`${up}config/default.json`) ?? '');
  return { ...sectionOf(usualFile, section), ...(section in named ? sectionOf(named, section) : named) };
}

function sectionOf(settings: Settings | undefined, name: string): Settings {
  const section = settings?.[name];
  return isObject(section) ? section : {};
}

/** The flags of each call in `scripts`; one call without any, where it is a dependency only. */
function callsIn(manifest: Settings): readonly Settings[] {
  const scripts = sectionOf(manifest, 'scripts');
  const calls = Object.values(scripts).flatMap((script) => (typeof script === 'string' ? flagsIn(script) : []));
  const isDependency = ['dependencies', 'devDependencies'].some((it) => 'node-pg-migrate' in sectionOf(manifest, it));
  return isDependency && !calls.some((it) => 'migrations-dir' in it) ? [...calls, {}] : calls;
}

const shortFlags: Readonly<Record<string, string>> = {
  m: 'migrations-dir',
  t: 'migrations-table',
  s: 'schema',
  f: 'config-file',
};
const switches = new Set(['create-schema', 'create-migrations-schema', 'check-order', 'single-transaction']);

function flagsIn(script: string): Settings[] {
  return [...script.matchAll(/(?:^|[\s/])node-pg-migrate(?=\s|$)([^&|;]*)/g)].map(([, rest = '']) => {
    const flags: Record<string, unknown> = {};
    let open: string | undefined;
    for (const [, double, single, bare = ''] of rest.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)) {
      const word = double ?? single ?? bare;
      const [, dashes = '', no, name = '', value] = /^(--?)(no-)?([a-z-]+)(?:=(.*))?$/.exec(word) ?? [];
      const flag = dashes === '-' ? shortFlags[name] : name;
      if (dashes === '') {
        if (open === 'schema') flags[open] = [...((flags[open] as string[] | undefined) ?? []), word];
        else if (open !== undefined && flags[open] === undefined) flags[open] = word;
        continue;
      }
      open = undefined;
      if (flag !== undefined && switches.has(flag)) flags[flag] = no === undefined && value !== 'false';
      else if (flag !== undefined && value !== undefined) flags[flag] = value;
      else open = flag;
    }
    return flags;
  });
}

function parsed(text: string): Settings | undefined {
  const value = jsonIn(text);
  return isObject(value) ? value : undefined;
}
