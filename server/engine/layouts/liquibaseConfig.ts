/**
 * How Liquibase is told to be used in a project: by `liquibase.properties`, Spring's properties and the environment.
 *
 * Facts from liquibase/liquibase (2026-08): GlobalConfiguration.java, integration/commandline/, and Spring Boot's
 * LiquibaseProperties. Nothing is evaluated.
 */
import { foldersAbove } from './above';
import type { FolderContents } from './layout';
import type { Selection } from './liquibaseContexts';
import type { Properties } from './liquibaseLines';
import { propertiesIn, type Setting, yamlEntries } from './settingsFiles';

export interface LiquibaseConfig {
  readonly table: string;
  readonly lockTable: string;
  /** Of both; undefined where it is that of the connection. */
  readonly schema: string | undefined;
  /** Of the changelogs: `parameter.name` and the like. */
  readonly properties: Properties;
  readonly selection: Selection;
  /** As configured, without `classpath:`. */
  readonly changelog: string | undefined;
  /** How many folders above `liquibase.properties` lies, beside which Liquibase looks for changelogs. */
  readonly levels: number | undefined;
}

const ups = ['', ...foldersAbove(5)];

export const configurationFiles: readonly string[] = ups.flatMap((up, level) => [
  `${up}liquibase.properties`,
  ...(level < 4 ? [`${up}application.properties`, `${up}application.yml`, `${up}application.yaml`] : []),
]);

export function liquibaseConfig(
  read: FolderContents['read'] = () => undefined,
  environment: Readonly<Record<string, string | undefined>> = {},
): LiquibaseConfig {
  const entries = [
    ...inEnvironment(environment),
    ...configurationFiles.flatMap((file) => settingsIn(file, read(file) ?? '')),
  ];
  const values = new Map<string, string>();
  for (const [name, value] of entries) {
    const key = keyOf(name);
    if (!values.has(key) && !value.includes('${')) values.set(key, value);
  }
  const of = (...names: string[]): string | undefined => names.map((name) => values.get(name)).find(Boolean);
  const level = ups.findIndex((up) => read(`${up}liquibase.properties`) !== undefined);
  return {
    table: of('databasechangelogtablename', 'databasechangelogtable') ?? 'databasechangelog',
    lockTable: of('databasechangeloglocktablename', 'databasechangeloglocktable') ?? 'databasechangeloglock',
    schema: of('liquibaseschemaname', 'liquibaseschema', 'defaultschemaname', 'defaultschema'),
    properties: new Map([...values].flatMap(([name, value]) => parameter(name, value))),
    selection: {
      contexts: of('contextfilter', 'contexts') ?? '',
      labels: of('labelfilter', 'labels') ?? '',
    },
    changelog: of('changelogfile', 'changelog')?.replace(/^classpath:/, ''),
    levels: level < 0 ? undefined : level,
  };
}

/** Parameters keep their names, settings lose what is written now so and now so. */
const keyOf = (name: string): string =>
  /^parameters?\./.test(name) ? name : name.replaceAll(/[-_.]/g, '').toLowerCase();

const parameter = (name: string, value: string): (readonly [string, string])[] => {
  const [, own] = /^parameters?\.(.+)$/.exec(name) ?? [];
  return own === undefined ? [] : [[own, value]];
};

function settingsIn(file: string, text: string): readonly Setting[] {
  if (text === '') return [];
  if (file.endsWith('liquibase.properties'))
    return propertiesIn(text).map(([name, value]) => [name.replace(/^liquibase\.(?:command\.)?/, ''), value]);
  return (file.endsWith('.properties') ? propertiesIn(text) : yamlEntries(text)).flatMap(([name, value]) => {
    const [, own] = /^(?:spring|quarkus)\.liquibase\.(.+)$/.exec(name) ?? [];
    return own === undefined ? [] : [[own, value] as const];
  });
}

const inEnvironment = (environment: Readonly<Record<string, string | undefined>>): Setting[] =>
  Object.entries(environment).flatMap(([name, value]) => {
    const [, own] = /^(?:SPRING_)?LIQUIBASE_(?:COMMAND_)?(.+)$/.exec(name) ?? [];
    return own === undefined || value === undefined ? [] : [[own, value] as const];
  });
