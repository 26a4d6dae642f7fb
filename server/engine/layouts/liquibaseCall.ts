/** What Liquibase is called with, and what changelogs say of the files they name: properties, and which changesets are run. */
import type { FolderContents, ToolSettings } from './layout';
import { changelogFrom, type ForeignChangeset, rootIn } from './liquibaseChangelog';
import { liquibaseConfig } from './liquibaseConfig';
import { type Condition, isSelected } from './liquibaseContexts';
import { attributeIn, type Changeset, flagIn } from './liquibaseFile';
import type { Properties } from './liquibaseLines';

export interface LiquibaseCall {
  /** Those that Liquibase is given go before those of changelogs. */
  readonly properties: Properties;
  /**
   * Whether a changeset is run on Postgres with the contexts and labels of the call.
   *
   * @param fileName that it stands in, relative to the folder
   */
  readonly runs: (fileName: string, changeset: Pick<Changeset, 'line'> | ForeignChangeset) => boolean;
}

/** How changelogs are called that name others, beside what is configured. */
const names = ['changelog', 'db.changelog', 'db.changelog-master', 'changelog-master', 'master'];
export const changelogNames: readonly string[] = names.flatMap((name) =>
  ['yaml', 'yml', 'xml', 'json'].map((end) => `${name}.${end}`),
);

export function liquibaseCall({
  path,
  read,
  list,
  environment,
}: Omit<ToolSettings, 'extra' | 'settings'>): LiquibaseCall {
  const { properties, changelog, selection } = liquibaseConfig(read, environment);
  const folder: FolderContents = { path, names: list('.'), read, list };
  const own = changelog?.replace(/.*\//, '');
  const root = [...(own === undefined ? [] : [own]), ...changelogNames].find((it) => read(it) !== undefined);
  const named = root ?? rootIn(folder);
  const found = named === undefined ? undefined : changelogFrom(folder, named);
  return {
    properties: new Map([...(root === undefined ? [] : (found?.properties ?? [])), ...properties]),
    runs(fileName, changeset) {
      const { dbms, ignored, ...condition } =
        'line' in changeset ? wordsOf(changeset.line) : { ...changeset, ignored: false };
      if (ignored || !isForPostgres(dbms)) return false;
      return isSelected(selection, condition, found?.conditions.get(fileName) ?? []);
    },
  };
}

export const plainCall: LiquibaseCall = liquibaseCall({
  path: '/',
  read: () => undefined,
  list: () => [],
  environment: {},
});

function wordsOf(line: string): Condition & { readonly dbms: string; readonly ignored: boolean } {
  return {
    dbms: attributeIn('dbms', line) ?? '',
    ignored: flagIn('ignore', line, false),
    context: contextIn(line),
    labels: attributeIn('labels', line) ?? '',
  };
}

/** As it is written. */
export const contextIn = (line: string): string =>
  attributeIn('contextFilter', line) || attributeIn('context', line) || '';

function isForPostgres(dbms: string): boolean {
  const names = dbms
    .split(',')
    .map((it) => it.trim().toLowerCase())
    .filter(Boolean);
  if (names.length === 0 || names.includes('all')) return true;
  if (names.includes('none') || names.includes('!postgresql')) return false;
  return names.includes('postgresql') || names.every((it) => it.startsWith('!'));
}
