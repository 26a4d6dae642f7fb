/**
 * What a project tells graphile-migrate: `.gmrc`, and what the tool makes of it.
 *
 * Facts from graphile/migrate 2.0.0-rc.3: src/settings.ts, src/commands/_common.ts, slowGeneratePlaceholderReplacement
 * in src/migration.ts. A `.gmrc.js` is a program, of which only literals are read here.
 */
import { foldersAbove } from './above';
import type { ToolSettings } from './layout';
import { isLiterals, type Literal, type Literals, literalsIn } from './literals';

export interface GraphileMigrateConfig {
  /** In the tool's order, with their colons; undefined where the environment has to name one and does not. */
  readonly placeholders: ReadonlyMap<string, string | undefined>;
  /** Settings of Postgres for each connection of the tool. */
  readonly pgSettings: Readonly<Record<string, string>>;
  /** What stands in a current migration that is to be written. */
  readonly blank: string;
  /** False where the tool is told to expect its tables. */
  readonly makesTables: boolean;
}

/** The folder of migrations lies beside it as a rule; `migrationsFolder` may lead a level or two deeper. */
export const configurationFiles: readonly string[] = foldersAbove(3).flatMap((up) =>
  ['.gmrc', '.gmrc.json', '.gmrc.jsonc', '.gmrc.js', '.gmrc.cjs'].map((name) => `${up}${name}`),
);

/** Without any configuration. */
export const usualConfig: GraphileMigrateConfig = {
  placeholders: new Map(),
  pgSettings: {},
  blank: '-- Enter migration here\n',
  makesTables: true,
};

export function configOf(settings: ToolSettings): GraphileMigrateConfig {
  const { environment, user, database } = settings;
  const rc = configurationIn(settings.read, environment) ?? {};
  const owner = textOf(rc['databaseOwner']) ?? user ?? database;
  return {
    placeholders: new Map([
      ...ownPlaceholders(rc['placeholders'], environment),
      [':DATABASE_NAME', database],
      [':DATABASE_OWNER', owner],
    ]),
    pgSettings: Object.fromEntries(
      Object.entries(isLiterals(rc['pgSettings']) ? rc['pgSettings'] : {}).flatMap(([name, value]) =>
        typeof value === 'string' || typeof value === 'number' ? [[name, String(value)]] : [],
      ),
    ),
    blank: `${(textOf(rc['blankMigrationContent']) ?? usualConfig.blank).trim()}\n`,
    makesTables: rc['manageGraphileMigrateSchema'] !== false,
  };
}

/** The nearest one. */
export function configurationIn(
  read: ToolSettings['read'],
  variables: ToolSettings['environment'] = {},
): Literals | undefined {
  for (const name of configurationFiles) {
    const text = read(name);
    if (text !== undefined) return literalsIn(text, variables);
  }
  return undefined;
}

/** `!ENV` stands for the variable of the same name; the tool refuses to run without it. */
function ownPlaceholders(value: Literal, environment: ToolSettings['environment']): [string, string | undefined][] {
  return Object.entries(isLiterals(value) ? value : {}).flatMap(([name, text]) => {
    if (!/^:[A-Z][0-9A-Z_]+$/.test(name) || typeof text !== 'string') return [];
    return [[name, text === '!ENV' ? environment[name.slice(1)] || undefined : text]];
  });
}

const textOf = (value: Literal): string | undefined => (typeof value === 'string' ? value : undefined);
