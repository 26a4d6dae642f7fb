/**
 * The database that Flyway's configuration names, or else the data source of the application that runs it.
 *
 * Facts from pgjdbc/pgjdbc, org/postgresql/Driver.java (parseURL), and Spring Boot, FlywayAutoConfiguration.java: without
 * a URL of its own Flyway takes the data source.
 */
import { configurationFiles } from './flywayConfig';
import { settingsIn } from './flywaySettings';
import type { FolderContents, NamedDatabase, ToolSettings } from './layout';
import { propertiesIn, type Setting, yamlEntries } from './settingsFiles';

/** @returns that of the nearest file that names one; a URL in which something is still to be put in names none */
export function flywayDatabase(read: FolderContents['read']): NamedDatabase | undefined {
  for (const file of configurationFiles) {
    const text = read(file);
    const found = text === undefined ? undefined : namedBy(file, text);
    if (found) return found;
  }
  return undefined;
}

/** @returns that of Flyway's own variables, or of Spring's; a user and a password that they lack come from the files */
export function flywayDatabaseIn(
  environment: ToolSettings['environment'],
  read: FolderContents['read'],
): NamedDatabase | undefined {
  const first = (...names: readonly string[]) => names.find((it) => environment[it]);
  const named = first('FLYWAY_URL', 'SPRING_FLYWAY_URL', 'SPRING_DATASOURCE_URL');
  if (named === undefined) return undefined;
  const ofFiles = configurationFiles.map((file) => loginIn(file, read(file) ?? '')).find((it) => it.user !== undefined);
  const user = first('FLYWAY_USER', 'SPRING_FLYWAY_USER', 'SPRING_DATASOURCE_USERNAME');
  const password = first('FLYWAY_PASSWORD', 'SPRING_FLYWAY_PASSWORD', 'SPRING_DATASOURCE_PASSWORD');
  const login = {
    user: user === undefined ? ofFiles?.user : environment[user],
    password: password === undefined ? ofFiles?.password : environment[password],
  };
  return databaseAt(environment[named], login, `${named} in the environment`);
}

function namedBy(file: string, text: string): NamedDatabase | undefined {
  const login = loginIn(file, text);
  const where = `in ${file.replaceAll('../', '')}`;
  const ofFlyway = databaseAt(valuesOf(settingsIn(file, text))('url'), login, `the URL of Flyway ${where}`);
  const spring = valuesOf(springEntries(file, text));
  return ofFlyway ?? databaseAt(spring('spring.datasource.url'), login, `spring.datasource.url ${where}`);
}

function loginIn(file: string, text: string): Login {
  const [own, spring] = [valuesOf(settingsIn(file, text)), valuesOf(springEntries(file, text))];
  return {
    user: own('user') ?? spring('spring.datasource.username'),
    password: own('password') ?? spring('spring.datasource.password'),
  };
}

function springEntries(file: string, text: string): readonly Setting[] {
  if (file.endsWith('.properties')) return propertiesIn(text);
  return /\.ya?ml$/.test(file) ? yamlEntries(text) : [];
}

/** The first of a name counts. */
const valuesOf =
  (settings: readonly Setting[]) =>
  (name: string): string | undefined => {
    const value = settings.find(([it]) => it === name)?.[1];
    return value === undefined || value === '' || /\$\{/.test(value) ? undefined : value;
  };

interface Login {
  readonly user: string | undefined;
  readonly password: string | undefined;
}

function databaseAt(url: string | undefined, { user, password }: Login, source: string): NamedDatabase | undefined {
  const [, place, query = ''] = /^jdbc:postgresql:([^?]*)(?:\?(.*))?$/s.exec(url ?? '') ?? [];
  if (place === undefined) return undefined;
  const [, hosts, name] = /^\/\/([^/]*)(?:\/(.*))?$/s.exec(place) ?? [undefined, '', place];
  const login = [
    ...(user === undefined ? [] : [`user=${encodeURIComponent(user)}`]),
    ...(password === undefined ? [] : [`password=${encodeURIComponent(password)}`]),
  ];
  // What stands in the URL goes before.
  const parameters = [...login, ...query.split('&').flatMap(asLibpqHasIt)].join('&');
  const address = `postgresql://${hosts || 'localhost'}/${name ?? ''}`;
  return { connection: parameters === '' ? address : `${address}?${parameters}`, source };
}

/** Timeouts, logging and other settings of the driver are nothing to Postgres. */
function asLibpqHasIt(parameter: string): readonly string[] {
  const [name = '', value = ''] = parameter.split('=', 2);
  if (name === 'currentSchema') return [`options=${encodeURIComponent('-csearch_path=')}${value}`];
  return ofBoth.has(name.toLowerCase()) ? [parameter] : [];
}

const ofBoth = new Set(['user', 'password', 'ssl', 'sslmode', 'sslcert', 'sslkey', 'sslrootcert', 'options']);
