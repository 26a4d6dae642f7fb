/** Liquibase itself, from npm's package with its jars; it needs a Java, which Debian has. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { debianTool, npmTool } from '../conformance/install';

/** Without the commercial jar: what is compared is the open part. */
const jars = [
  ...['liquibase-core', 'picocli', 'postgresql', 'snakeyaml', 'opencsv', 'commons-lang3', 'commons-io'],
  ...['commons-text', 'commons-collections4', 'jaxb-api', 'jaxb-core', 'jaxb-runtime'],
];

/**
 * @param folder where it searches for changelogs
 * @param url of the database
 * @returns what it printed
 */
export function runLiquibase(
  folder: string,
  url: string,
  changelog: string,
  ...words: readonly string[]
): Promise<{ readonly code: number; readonly output: string }> {
  const java = debianTool('java', ['default-jre-headless']);
  const lib = join(npmTool('liquibase'), 'liquibase/dist/liquibase/internal/lib');
  const { hostname, port, pathname, username, password } = new URL(url);
  const options = [
    ...['-XX:TieredStopAtLevel=1', '-cp', jars.map((it) => join(lib, `${it}.jar`)).join(':')],
    'liquibase.integration.commandline.LiquibaseCommandLine',
    ...[`--url=jdbc:postgresql://${hostname}:${port}${pathname}`, `--username=${username}`, `--password=${password}`],
    ...[`--search-path=${folder}`, `--changelog-file=${changelog}`, '--show-banner=false'],
  ];
  return new Promise((resolve) => {
    execFile(java, [...options, ...words], (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? 1 : 0, output: `${stdout}${stderr}` });
    });
  });
}
