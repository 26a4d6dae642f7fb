/**
 * Connection parameters as libpq's users expect them: connection string, then service file, then environment, then
 * what libpq takes when nothing is said. Source: PostgreSQL documentation, libpq-connect and libpq-envars.
 */
import { existsSync, statSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';
import { Fault } from '../base/fault';
import { readRegularFile } from '../base/regularFile';
import { systemCode } from '../base/systemError';
import { type Keywords, readConnectionString } from './connectionString';
import {
  type ConnectionParameters,
  defaultConnectTimeoutMs,
  type Host,
  type SslMode,
  type TargetSession,
  type TlsParameters,
} from './parameters';
import { passwordIn, serviceIn } from './passFile';

/** Where else parameters come from. Tests hand in their own. */
export interface ConnectionSources {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** @returns undefined when there is no such file or it may not be read */
  readonly readFile: (path: string) => string | undefined;
  /** Whether others of this machine may read the file; libpq then ignores a password file. */
  readonly isOpenToOthers: (path: string) => boolean;
  readonly exists: (path: string) => boolean;
  readonly home: string;
  readonly osUser: string;
}

export const nodeSources = (environment: ConnectionSources['environment']): ConnectionSources => ({
  environment,
  readFile: readIfPossible,
  isOpenToOthers: (path) => process.platform !== 'win32' && (statSync(path).mode & 0o077) !== 0,
  exists: existsSync,
  home: homedir(),
  osUser: userInfo().username,
});

function readIfPossible(path: string): string | undefined {
  try {
    return readRegularFile(path).toString('utf8');
  } catch (error) {
    if (systemCode(error) !== undefined) return undefined;
    throw error;
  }
}

/**
 * @param text URL, `key=value` pairs, or empty for the environment alone
 * @throws {Fault} `bad-connection-settings`, never with the password in it
 */
export function readConnection(text: string, sources: ConnectionSources): ConnectionParameters {
  const given = readConnectionString(text);
  const environment = fromEnvironment(sources.environment);
  const service = given['service'] ?? environment['service'];
  const keywords: Keywords = {
    ...environment,
    ...(service === undefined ? {} : fromService(service, sources)),
    ...given,
  };
  const warnings: string[] = [];
  const user = keywords['user'] || sources.osUser;
  const database = keywords['dbname'] || user;
  const hosts = hostsOf(keywords, sources).map((host) =>
    withPasswordOf(host, { user, database }, keywords, sources, warnings),
  );
  return {
    hosts,
    user,
    database,
    tls: tlsOf(keywords, sources),
    channelBinding: oneOf('channel_binding', keywords['channel_binding'] ?? 'prefer', ['disable', 'prefer', 'require']),
    targetSession: targetSessionOf(keywords['target_session_attrs'] ?? 'any'),
    connectTimeoutMs: timeoutOf(keywords['connect_timeout']),
    applicationName: keywords['application_name'] ?? 'rehearsal',
    options: keywords['options'] ?? '',
    settings: pick(keywords, (name) => settingsInUrls.has(name)),
    extra: pick(given, (name) => !libpqKeywords.has(name) && !settingsInUrls.has(name)),
    warnings: [...warnings, ...unheeded(keywords)],
  };
}

/** What would make a connection safer, were it known how to heed it. */
const unheeded = (keywords: Keywords): string[] =>
  ['requirepeer', 'require_auth', 'sslcrldir', 'sslcertmode', 'ssl_min_protocol_version', 'ssl_max_protocol_version']
    .filter((name) => keywords[name])
    .map((name) => `the connection parameter ${name} is not heeded.`);

/** Variables of libpq and the keywords that they stand for. */
const variables: Readonly<Record<string, string>> = {
  PGHOST: 'host',
  PGHOSTADDR: 'hostaddr',
  PGPORT: 'port',
  PGDATABASE: 'dbname',
  PGUSER: 'user',
  PGPASSWORD: 'password',
  PGPASSFILE: 'passfile',
  PGSERVICE: 'service',
  PGOPTIONS: 'options',
  PGAPPNAME: 'application_name',
  PGSSLMODE: 'sslmode',
  PGSSLNEGOTIATION: 'sslnegotiation',
  PGSSLCERT: 'sslcert',
  PGSSLKEY: 'sslkey',
  PGSSLROOTCERT: 'sslrootcert',
  PGSSLCRL: 'sslcrl',
  PGSSLSNI: 'sslsni',
  PGCHANNELBINDING: 'channel_binding',
  PGCONNECT_TIMEOUT: 'connect_timeout',
  PGTARGETSESSIONATTRS: 'target_session_attrs',
};

const libpqKeywords = new Set([
  ...Object.values(variables),
  'sslpassword',
  'client_encoding',
  'keepalives',
  'keepalives_idle',
  'keepalives_interval',
  'keepalives_count',
  'tcp_user_timeout',
  'gssencmode',
  'krbsrvname',
  'gsslib',
  'gssdelegation',
  'replication',
  'fallback_application_name',
  'require_auth',
  'load_balance_hosts',
  'requirepeer',
  'sslcompression',
  'sslcertmode',
  'sslcrldir',
  'ssl_min_protocol_version',
  'ssl_max_protocol_version',
]);

/** Run-time settings that the drivers of the tools written in Go take from a URL and set when they connect. */
const settingsInUrls = new Set([
  'search_path',
  'timezone',
  'TimeZone',
  'statement_timeout',
  'lock_timeout',
  'idle_in_transaction_session_timeout',
  'default_transaction_isolation',
  'role',
  'work_mem',
]);

const pick = (keywords: Keywords, wanted: (name: string) => boolean): Keywords =>
  Object.fromEntries(Object.entries(keywords).filter(([name]) => wanted(name)));

function fromEnvironment(environment: ConnectionSources['environment']): Keywords {
  return Object.fromEntries(
    Object.entries(variables).flatMap(([variable, keyword]) => {
      const value = environment[variable];
      return value === undefined || value === '' ? [] : [[keyword, value]];
    }),
  );
}

function fromService(name: string, { environment, readFile, home }: ConnectionSources): Keywords {
  const folder = environment['PGSYSCONFDIR'];
  const files = [
    environment['PGSERVICEFILE'] ?? join(home, '.pg_service.conf'),
    ...(folder ? [join(folder, 'pg_service.conf')] : []),
  ];
  for (const file of files) {
    const found = serviceIn(readFile(file) ?? '', name);
    if (found) return found;
  }
  throw new Fault('bad-connection-settings', `the service "${name}" is not in ${files.join(' or ')}.`);
}

function hostsOf(keywords: Keywords, sources: ConnectionSources): Host[] {
  const ports = (keywords['port'] ?? '').split(',');
  const addresses = keywords['hostaddr']?.split(',') ?? [];
  const names = keywords['host']?.split(',') ?? (addresses.length > 0 ? addresses : ['']);
  if (ports.length > 1 && ports.length !== names.length)
    throw new Fault('bad-connection-settings', `there are ${names.length} hosts and ${ports.length} ports.`);
  return names.map((name, i) => {
    const port = portOf(ports.length === 1 ? (ports[0] ?? '') : (ports[i] ?? ''));
    const address = addresses[i];
    return { name: name || usualHost(port, sources), port, ...(address ? { address } : {}) };
  });
}

/** A socket where servers usually have theirs, else this machine by TCP. */
function usualHost(port: number, { exists }: ConnectionSources): string {
  const folders = process.platform === 'win32' ? [] : ['/var/run/postgresql', '/tmp'];
  return folders.find((folder) => exists(join(folder, `.s.PGSQL.${port}`))) ?? 'localhost';
}

function portOf(text: string): number {
  if (text === '') return 5432;
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  // Without the text: a "/" that is not written %2F may have made a part of the password of it.
  throw new Fault(
    'bad-connection-settings',
    'the port is no number from 1 to 65535. In the password of a URL, write / as %2F, ? as %3F, # as %23 and @ as %40.',
  );
}

function withPasswordOf(
  host: Host,
  login: { readonly user: string; readonly database: string },
  keywords: Keywords,
  sources: ConnectionSources,
  warnings: string[],
): Host {
  const password = keywords['password'] ?? passwordFromFile(host, login, keywords, sources, warnings);
  return password === undefined ? host : { ...host, password };
}

function passwordFromFile(
  { name, port }: Host,
  login: { readonly user: string; readonly database: string },
  keywords: Keywords,
  { home, environment, readFile, isOpenToOthers }: ConnectionSources,
  warnings: string[],
): string | undefined {
  const usual =
    process.platform === 'win32'
      ? join(environment['APPDATA'] ?? home, 'postgresql', 'pgpass.conf')
      : join(home, '.pgpass');
  const path = keywords['passfile'] ?? usual;
  const text = readFile(path);
  if (text === undefined) return undefined;
  if (isOpenToOthers(path)) {
    const warning = `the password file ${path} is left out: others may read it; its permissions should be 0600.`;
    if (!warnings.includes(warning)) warnings.push(warning);
    return undefined;
  }
  // The usual socket folders are called localhost there.
  const host = ['/var/run/postgresql', '/tmp'].includes(name) ? 'localhost' : name;
  return passwordIn(text, { host, port, ...login });
}

const sslModes = [
  'disable',
  'allow',
  'prefer',
  'require',
  'verify-ca',
  'verify-full',
] as const satisfies readonly SslMode[];

function tlsOf(keywords: Keywords, sources: ConnectionSources): TlsParameters {
  const root = keywords['sslrootcert'];
  const mode = oneOf('sslmode', keywords['sslmode'] ?? (root === 'system' ? 'verify-full' : 'prefer'), sslModes);
  if (root === 'system' && mode !== 'verify-full')
    throw new Fault('bad-connection-settings', 'with sslrootcert=system, sslmode has to be verify-full.');
  const direct = keywords['sslnegotiation'] === 'direct';
  const serverNameIndication = keywords['sslsni'] !== '0';
  if (mode === 'disable') return { mode, direct, serverNameIndication };
  const usual = (name: string) => join(sources.home, '.postgresql', name);
  const ca = root === 'system' ? undefined : pem(root, usual('root.crt'), sources);
  if (ca === undefined && root !== 'system' && (mode === 'verify-ca' || mode === 'verify-full'))
    throw new Fault(
      'bad-connection-settings',
      `sslmode=${mode} needs a root certificate: set sslrootcert, or put it at ${usual('root.crt')}.`,
    );
  const certificate = pem(keywords['sslcert'], usual('postgresql.crt'), sources);
  const key = pem(keywords['sslkey'], usual('postgresql.key'), sources);
  const crl = pem(keywords['sslcrl'], usual('root.crl'), sources);
  const keyPassword = keywords['sslpassword'];
  return {
    mode,
    direct,
    serverNameIndication,
    ...(ca === undefined ? {} : { ca }),
    ...(crl === undefined ? {} : { crl }),
    ...(certificate === undefined || key === undefined ? {} : { certificate, key }),
    ...(keyPassword === undefined ? {} : { keyPassword }),
  };
}

/** A file that was named must be there; the usual one need not. */
function pem(named: string | undefined, usual: string, { readFile }: ConnectionSources): string | undefined {
  if (named === undefined || named === '') return readFile(usual);
  const text = readFile(named);
  if (text === undefined) throw new Fault('bad-connection-settings', `the file ${named} is not there.`);
  return text;
}

const targetSessionOf = (text: string): TargetSession =>
  oneOf('target_session_attrs', text, ['any', 'read-write', 'read-only', 'primary', 'standby', 'prefer-standby']);

function oneOf<T extends string>(name: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((it) => it === value);
  if (found !== undefined) return found;
  throw new Fault('bad-connection-settings', `${name} is one of ${allowed.join(', ')}, not "${value}".`);
}

/** Whole seconds; 0 and less wait for ever in libpq, which nobody wants in an editor. */
function timeoutOf(text: string | undefined): number {
  if (text === undefined || text === '') return defaultConnectTimeoutMs;
  const seconds = Number(text);
  if (!Number.isFinite(seconds))
    throw new Fault('bad-connection-settings', `connect_timeout is a number of seconds, not "${text}".`);
  return seconds <= 0 ? 60_000 : Math.max(2, seconds) * 1_000;
}
