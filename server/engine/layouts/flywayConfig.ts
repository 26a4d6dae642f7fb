/**
 * How Flyway is told to be used in a project.
 *
 * Facts from flyway/flyway 13.0.0: documentation/Reference/Configuration, internal/configuration/models/FlywayModel.java.
 */
import { foldersAbove } from './above';
import type { FolderContents } from './layout';
import { settingsIn } from './flywaySettings';
import type { Setting } from './settingsFiles';

export interface FlywayConfig {
  /** The files that say something about it, nearest first. */
  readonly sources: readonly string[];
  /** Without `filesystem:` and `classpath:`, with `/` between. */
  readonly locations: readonly string[];
  readonly prefixes: {
    readonly versioned: string;
    readonly repeatable: string;
    readonly undo: string;
    readonly baseline: string;
  };
  readonly separator: string;
  readonly suffixes: readonly string[];
  readonly encoding: string;
  readonly placeholders: FlywayPlaceholders;
  readonly table: string;
  /** Of the history, and first in search_path; undefined where it is that of the connection. */
  readonly schema: string | undefined;
  /** All that it makes when they are missing, and that have to be empty when it begins. */
  readonly schemas: readonly string[];
  readonly executeInTransaction: boolean;
  readonly mixed: boolean;
  /** All that is pending in one transaction. */
  readonly group: boolean;
  readonly outOfOrder: boolean;
  readonly validateOnMigrate: boolean;
  readonly createSchemas: boolean;
  readonly baselineOnMigrate: boolean;
  readonly baselineVersion: string;
  readonly baselineDescription: string;
  /** States of migrations that `validate` passes over: `missing`, `future`, `ignored`. */
  readonly ignored: ReadonlySet<string>;
  /** Undefined where it is the user of the session. */
  readonly installedBy: string | undefined;
  readonly tablespace: string | undefined;
}

export interface FlywayPlaceholders {
  readonly prefix: string;
  readonly suffix: string;
  readonly separator: string;
  readonly replaced: boolean;
  /** By name in lower case, for Flyway does not tell cases apart. */
  readonly values: Readonly<Record<string, string>>;
}

const builds = [
  'flyway.toml',
  'flyway.conf',
  'conf/flyway.toml',
  'conf/flyway.conf',
  'pom.xml',
  'build.gradle',
  'build.gradle.kts',
];
const applications = ['application.properties', 'application.yml', 'application.yaml'];

/** `src/main/resources/db/migration` lies five folders below its project. */
export const configurationFiles: readonly string[] = ['', ...foldersAbove(5)].flatMap((up, level) =>
  [...builds, ...(level < 4 ? applications : [])].map((name) => `${up}${name}`),
);

/** @param environment `FLYWAY_…` in it goes before all files */
export function flywayConfig(
  read: FolderContents['read'] = () => undefined,
  environment: Readonly<Record<string, string | undefined>> = {},
): FlywayConfig {
  const found = configurationFiles.flatMap((file) => {
    const text = read(file);
    const settings = text === undefined ? [] : settingsIn(file, text);
    return settings.length > 0 ? [{ file, settings }] : [];
  });
  return configOf(
    found.map(({ file }) => file),
    [...inEnvironment(environment), ...found.flatMap(({ settings }) => settings)],
  );
}

const inEnvironment = (environment: Readonly<Record<string, string | undefined>>): Setting[] =>
  Object.entries(environment).flatMap(([name, value]) => {
    const [, own] = /^(?:SPRING_)?FLYWAY_(.+)$/.exec(name) ?? [];
    if (own === undefined || value === undefined) return [];
    return [[own.replace(/^PLACEHOLDERS_/, 'placeholders.').toLowerCase(), value] as const];
  });

/** @param settings the first of a name counts */
function configOf(sources: readonly string[], settings: readonly Setting[]): FlywayConfig {
  const values = new Map<string, string>();
  const placeholders = new Map<string, string>();
  for (const [name, value] of settings) {
    const [, placeholder] = /^placeholders\.(.+)$/i.exec(name) ?? [];
    const key = placeholder?.toLowerCase() ?? name.replaceAll(/[-_.]/g, '').toLowerCase();
    const into = placeholder === undefined ? values : placeholders;
    // What has to be evaluated, as Spring and Maven do it, is not known here.
    if (!into.has(key) && !/\$\{[^}]*\}/.test(value)) into.set(key, value);
  }
  return configIn(sources, values, Object.fromEntries(placeholders));
}

function configIn(
  sources: readonly string[],
  values: ReadonlyMap<string, string>,
  placeholders: Readonly<Record<string, string>>,
): FlywayConfig {
  const text = (name: string, usual: string): string => values.get(name) ?? usual;
  const list = (name: string): string[] =>
    (values.get(name) ?? '')
      .split(',')
      .map((it) => it.trim())
      .filter(Boolean);
  const is = (name: string, usual: boolean): boolean => (values.get(name) ?? String(usual)).toLowerCase() === 'true';
  const named = list('schemas');
  const schema = values.get('defaultschema') ?? named[0];
  const suffixes = list('sqlmigrationsuffixes');
  return {
    sources,
    locations: list('locations').map(withoutScheme),
    prefixes: {
      versioned: text('sqlmigrationprefix', 'V'),
      repeatable: text('repeatablesqlmigrationprefix', 'R'),
      undo: text('undosqlmigrationprefix', 'U'),
      baseline: text('baselinemigrationprefix', 'B'),
    },
    separator: text('sqlmigrationseparator', '__'),
    suffixes: suffixes.length > 0 ? suffixes : ['.sql'],
    encoding: text('encoding', 'UTF-8'),
    placeholders: {
      prefix: text('placeholderprefix', '${'),
      suffix: text('placeholdersuffix', '}'),
      separator: text('placeholderseparator', ':'),
      replaced: is('placeholderreplacement', true),
      values: placeholders,
    },
    table: text('table', 'flyway_schema_history'),
    schema,
    schemas: schema === undefined || named.includes(schema) ? named : [schema, ...named],
    executeInTransaction: is('executeintransaction', true),
    mixed: is('mixed', false),
    group: is('group', false),
    outOfOrder: is('outoforder', false),
    validateOnMigrate: is('validateonmigrate', true),
    createSchemas: is('createschemas', true),
    baselineOnMigrate: is('baselineonmigrate', false),
    baselineVersion: text('baselineversion', '1'),
    baselineDescription: text('baselinedescription', '<< Flyway Baseline >>'),
    ignored: ignoredIn(values, list('ignoremigrationpatterns')),
    installedBy: values.get('installedby'),
    tablespace: values.get('tablespace'),
  };
}

/** Patterns such as `*:missing`; the settings of earlier versions were one for each state. */
function ignoredIn(values: ReadonlyMap<string, string>, patterns: readonly string[]): ReadonlySet<string> {
  const states = (values.has('ignoremigrationpatterns') ? patterns : ['*:future', ...patterns]).flatMap((pattern) => {
    const [, state] = /^(?:\*|versioned)\s*:\s*(\*|\w+)$/i.exec(pattern) ?? [];
    return state === '*' ? ['missing', 'future', 'ignored'] : [state?.toLowerCase() ?? ''];
  });
  const former = ['missing', 'future', 'ignored'].filter((it) => values.get(`ignore${it}migrations`) === 'true');
  return new Set([...states, ...former].filter(Boolean));
}

const withoutScheme = (location: string): string =>
  location
    .replace(/^(?:filesystem|classpath):/, '')
    .replaceAll('{vendor}', 'postgresql')
    .replace(/^(?:\.?\/)+/, '')
    .replace(/\/+$/, '');
