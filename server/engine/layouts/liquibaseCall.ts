/** Properties that changelogs set for the files they name, and those that Liquibase is given, which go before them. */
import type { ToolSettings } from './layout';
import { changelogFrom } from './liquibaseChangelog';
import { liquibaseConfig } from './liquibaseConfig';
import type { Properties } from './liquibaseLines';

/** How changelogs are called that name others, beside what is configured. */
const names = ['changelog', 'db.changelog', 'db.changelog-master', 'changelog-master', 'master'];
export const changelogNames: readonly string[] = names.flatMap((name) =>
  ['yaml', 'yml', 'xml', 'json'].map((end) => `${name}.${end}`),
);

export function liquibaseProperties({ read, environment }: Pick<ToolSettings, 'read' | 'environment'>): Properties {
  const { properties, changelog } = liquibaseConfig(read, environment);
  const folder = { path: '', names: [], read, list: () => [] };
  const own = changelog?.replace(/.*\//, '');
  const root = [...(own === undefined ? [] : [own]), ...changelogNames].find((it) => read(it) !== undefined);
  return new Map([...(root === undefined ? [] : changelogFrom(folder, root).properties), ...properties]);
}
