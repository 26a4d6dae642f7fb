/** Which databases do the workspace and the environment name? For the user to pick from. */
import { join } from 'node:path';
import { parse as parseDotenv } from 'dotenv';
import { Fault } from '../base/fault';
import { isObject } from '../base/json';
import { yamlValues } from '../base/yaml';
import { type ConnectionSources, readConnection } from './connection';
import { isUrl } from './connectionString';
import { type ConnectionParameters, isLocal, labelOf, idOf } from './parameters';

export interface Candidate {
  /** `shop_dev@localhost:5432`. */
  readonly label: string;
  /** `DATABASE_URL in .env`. */
  readonly source: string;
  /** With its password, if it has one: never shown. */
  readonly parameters: ConnectionParameters;
  /** As `readConnection` takes it, without the password. */
  readonly connection: string;
  readonly password: string | undefined;
  readonly local: boolean;
  /** The variables that it was named with: `DBMATE_MIGRATIONS_TABLE` and others. */
  readonly environment: Variables;
}

/** Told of what cannot be read: in words for the log, the place, and why. */
export type LeftOut = (line: string, place: string, why: Error) => void;

export type Variables = Readonly<Record<string, string | undefined>>;

/** Best first: what deployments call their database, what tests do last. */
const urlVariables = [
  'DATABASE_URL',
  'POSTGRES_URL',
  'POSTGRESQL_URL',
  'PG_URL',
  'DB_URL',
  'GOOSE_DBSTRING',
  'DATABASE_URI',
  'TEST_DATABASE_URL',
];
const dotenvFiles = ['.env', '.env.local', '.env.development', '.env.development.local'];
const supabaseFile = 'supabase/config.toml';
const composeFiles = ['compose.yaml', 'compose.yml', 'docker-compose.yaml', 'docker-compose.yml'];

/**
 * The environment first, then the folders' files, nearest first. A broken file is left out, and told of.
 *
 * @param folders that of the migrations and those above it, up to the workspace's
 * @param own further variables to look at, before the usual ones
 */
export function candidatesIn(
  folders: readonly string[],
  read: (path: string) => string | undefined,
  sources: ConnectionSources,
  leftOut: LeftOut,
  own: readonly string[] = [],
): Candidate[] {
  const names = [...new Set([...own, ...urlVariables])];
  const fromVariables = (variables: Variables, where: string) => namedIn(variables, where, { names, sources, leftOut });
  const named = [...fromVariables(sources.environment, 'the environment')];
  for (const folder of folders) {
    const variables: Record<string, string> = {};
    for (const name of dotenvFiles) {
      const text = read(join(folder, name));
      if (text === undefined) continue;
      const found = parseDotenv(text);
      Object.assign(variables, found);
      named.push(...fromVariables(found, name));
    }
    for (const name of composeFiles)
      named.push(...fromCompose(read(join(folder, name)), name, variables, sources, leftOut));
    named.push(...fromSupabase(read(join(folder, supabaseFile)), sources, leftOut));
  }
  return onceEach(named);
}

/** What the tools read beside the environment, whatever database they are told: one `.env`, here the nearest. */
export function dotenvIn(folders: readonly string[], read: (path: string) => string | undefined): Variables {
  for (const folder of folders) {
    const text = read(join(folder, '.env'));
    if (text !== undefined) return parseDotenv(text);
  }
  return {};
}

interface Naming {
  /** Of variables that hold a URL, best first. */
  readonly names: readonly string[];
  readonly sources: ConnectionSources;
  readonly leftOut: LeftOut;
}

function namedIn(variables: Variables, where: string, { names: urlNames, sources, leftOut }: Naming): Candidate[] {
  const urls = urlNames.flatMap((name) => {
    const text = variables[name];
    // A scheme that is nearly right was meant for Postgres, and its reader says what is wrong with it.
    const isPostgres = text !== undefined && (isUrl(text) || /^\s*(?:postg\w*:|[a-z_]+\s*=)/i.test(text));
    return isPostgres
      ? attempt(`${name} in ${where}`, () => candidateOf(text, `${name} in ${where}`, variables, sources), leftOut)
      : [];
  });
  const names = ['PGSERVICE', 'PGHOST', 'PGDATABASE'].filter((name) => variables[name]);
  if (names.length === 0) return urls;
  const own = { ...sources, environment: { ...sources.environment, ...variables } };
  const source = `${names.join(', ')} in ${where}`;
  return [...urls, ...attempt(source, () => candidateOf('', source, variables, own), leftOut)];
}

/** What a tool's own configuration names; none where that cannot be read. */
export const candidateNamed = (
  { connection, source }: { readonly connection: string; readonly source: string },
  sources: ConnectionSources,
  leftOut: LeftOut,
): Candidate[] => attempt(source, () => candidateOf(connection, source, {}, sources), leftOut);

function candidateOf(text: string, source: string, environment: Variables, sources: ConnectionSources): Candidate {
  const parameters = readConnection(text, sources);
  return {
    source,
    parameters,
    environment,
    label: labelOf(parameters),
    local: isLocal(parameters),
    password: parameters.hosts[0]?.password,
    connection: text === '' ? idOf(parameters) : withoutPassword(text),
  };
}

/** Takes the passwords out of a URL, wherever they stand. */
export function withoutPassword(url: string): string {
  const [address = '', ...queries] = url.replace(/^(\w+:\/\/[^:@/?]*):[^/?]*@/, '$1@').split('?');
  const pairs = queries.join('?').split('&');
  const kept = pairs.filter((pair) => pair !== '' && !/password/i.test(decodeURIComponent(pair.split('=')[0] ?? '')));
  return kept.length === 0 ? address : `${address}?${kept.join('&')}`;
}

interface ComposeService {
  readonly image?: unknown;
  readonly environment?: unknown;
  readonly ports?: unknown;
}

function fromCompose(
  text: string | undefined,
  where: string,
  dotenv: Variables,
  sources: ConnectionSources,
  leftOut: LeftOut,
): Candidate[] {
  if (text === undefined) return [];
  return attempt(
    where,
    () => {
      const [written] = yamlValues(text);
      if (written === undefined && text.trim() !== '') throw new Fault('not-readable', `${where} is no YAML.`);
      const document = substituted(written, { ...dotenv, ...sources.environment });
      const services = isObject(document) && isObject(document['services']) ? document['services'] : {};
      return Object.entries(services).flatMap(([name, service]) =>
        isObject(service) ? fromService(name, service, where, sources) : [],
      );
    },
    leftOut,
  ).flat();
}

/** A service that runs Postgres and publishes its port on this machine. */
function fromService(name: string, service: ComposeService, where: string, sources: ConnectionSources): Candidate[] {
  if (typeof service.image !== 'string' || !/postgres|postgis|timescale|pgvector/i.test(service.image)) return [];
  const variables = variablesOf(service.environment);
  const port = publishedPort(service.ports);
  if (port === undefined) return [];
  const user = variables['POSTGRES_USER'] || 'postgres';
  const password = variables['POSTGRES_PASSWORD'];
  const login = `${encodeURIComponent(user)}${password === undefined ? '' : `:${encodeURIComponent(password)}`}`;
  const database = variables['POSTGRES_DB'] || user;
  const url = `postgres://${login}@localhost:${port}/${encodeURIComponent(database)}`;
  return [candidateOf(url, `service ${name} in ${where}`, {}, { ...sources, environment: {} })];
}

/** The database that `supabase start` runs; everybody's has the same password. */
function fromSupabase(text: string | undefined, sources: ConnectionSources, leftOut: LeftOut): Candidate[] {
  if (text === undefined) return [];
  const section = /^\[db\][^\S\n]*(?:#.*)?$([^]*?)(?:^\[|(?![^]))/m.exec(text)?.[1] ?? '';
  const port = /^[^\S\n]*port[^\S\n]*=[^\S\n]*(\d+)/m.exec(section)?.[1] ?? '54322';
  const url = `postgresql://postgres:postgres@127.0.0.1:${port}/postgres`;
  const own = { ...sources, environment: {} };
  return attempt(supabaseFile, () => candidateOf(url, `supabase start, by ${supabaseFile}`, {}, own), leftOut);
}

/** `KEY=value` lines or a map. */
function variablesOf(environment: unknown): Readonly<Record<string, string>> {
  if (Array.isArray(environment))
    return Object.fromEntries(
      environment
        .filter((it) => typeof it === 'string')
        .map((line) => [line.replace(/=.*$/s, ''), line.replace(/^[^=]*=?/, '')]),
    );
  if (!isObject(environment)) return {};
  return Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) =>
      ['string', 'number'].includes(typeof value) ? [[name, String(value)]] : [],
    ),
  );
}

/** `5433:5432`, `127.0.0.1:5433:5432`, or `{ target: 5432, published: 5433 }`. */
function publishedPort(ports: unknown): string | undefined {
  if (!Array.isArray(ports)) return undefined;
  for (const it of ports as readonly unknown[]) {
    const target = isObject(it) && Number(it['target']) === 5432 ? it['published'] : undefined;
    if (typeof target === 'string' || typeof target === 'number') return String(target);
    const published = typeof it === 'string' ? /(?:^|:)(\d+):5432(?:\/tcp)?$/.exec(it)?.[1] : undefined;
    if (published !== undefined) return published;
  }
  return undefined;
}

/** `$NAME`, `${NAME}`, `${NAME:-default}` in every text, as Compose has them; `$$` is a dollar. */
function substituted(value: unknown, variables: Variables): unknown {
  if (Array.isArray(value)) return value.map((it: unknown) => substituted(it, variables));
  if (isObject(value))
    return Object.fromEntries(Object.entries(value).map(([name, it]) => [name, substituted(it, variables)]));
  if (typeof value !== 'string') return value;
  return value.replaceAll(
    /\$(?:\$|(\w+)|\{(\w+)(?::?[-?]([^}]*))?\})/g,
    (whole, plain?: string, braced?: string, fallback?: string) =>
      whole === '$$' ? '$' : variables[plain ?? braced ?? ''] || (fallback ?? ''),
  );
}

/** One database that is named in several places is one candidate, which has them all in its source. */
export function onceEach(candidates: readonly Candidate[]): Candidate[] {
  const byId = new Map<string, Candidate>();
  for (const it of candidates) {
    const id = idOf(it.parameters);
    const former = byId.get(id);
    byId.set(id, former ? { ...former, source: `${former.source}, ${it.source}` } : it);
  }
  return [...byId.values()];
}

function attempt<T>(what: string, work: () => T, leftOut: LeftOut): T[] {
  try {
    return [work()];
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    leftOut(`${what} is left out: ${error.message}`, what, error);
    return [];
  }
}
