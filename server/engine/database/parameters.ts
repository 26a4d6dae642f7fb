/** What it takes to connect to one database on a server. Values only; reading them is connection.ts's work. */

export interface ConnectionParameters {
  /** Tried in this order until one answers; never empty. */
  readonly hosts: readonly Host[];
  readonly user: string;
  readonly database: string;
  readonly tls: TlsParameters;
  readonly channelBinding: 'disable' | 'prefer' | 'require';
  readonly targetSession: TargetSession;
  readonly connectTimeoutMs: number;
  readonly applicationName: string;
  /** Command-line options for the backend, as PGOPTIONS has them. */
  readonly options: string;
  /** Settings such as `search_path`, which the tools written in Go take from the URL. */
  readonly settings: Readonly<Record<string, string>>;
  /** Parameters of the URL that are none of Postgres's: `x-migrations-table`, `schema`, `pgbouncer`. */
  readonly extra: Readonly<Record<string, string>>;
  /** What was left out of consideration and why, for the log. */
  readonly warnings: readonly string[];
}

export interface Host {
  /** A name, an address, or the folder of a Unix socket (begins with `/` or `@`). */
  readonly name: string;
  /** Where to connect when it is not to be looked up (PGHOSTADDR). */
  readonly address?: string;
  readonly port: number;
  readonly password?: string;
}

export type SslMode = 'disable' | 'allow' | 'prefer' | 'require' | 'verify-ca' | 'verify-full';

export type TargetSession = 'any' | 'read-write' | 'read-only' | 'primary' | 'standby' | 'prefer-standby';

export interface TlsParameters {
  readonly mode: SslMode;
  /** Handshake at once instead of asking first (`sslnegotiation=direct`). */
  readonly direct: boolean;
  /** PEM texts. Without `ca` the roots of the system are trusted. */
  readonly ca?: string;
  readonly crl?: string;
  readonly certificate?: string;
  readonly key?: string;
  readonly keyPassword?: string;
  readonly serverNameIndication: boolean;
}

/** Long enough for a server across an ocean, short enough to wait for. */
export const defaultConnectTimeoutMs = 5_000;

/** For a server that is known and not configured by a user, such as one of our own. */
export function plainParameters(place: {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password?: string;
  readonly database: string;
}): ConnectionParameters {
  const { host: name, port, user, password, database } = place;
  return {
    hosts: [{ name, port, ...(password === undefined ? {} : { password }) }],
    user,
    database,
    tls: { mode: 'disable', direct: false, serverNameIndication: true },
    channelBinding: 'prefer',
    targetSession: 'any',
    connectTimeoutMs: defaultConnectTimeoutMs,
    applicationName: 'rehearsal',
    options: '',
    settings: {},
    extra: {},
    warnings: [],
  };
}

export const withDatabase = (parameters: ConnectionParameters, database: string): ConnectionParameters => ({
  ...parameters,
  database,
});

/** For a password that came from elsewhere than the connection's text. */
export const withPassword = (parameters: ConnectionParameters, password: string): ConnectionParameters => ({
  ...parameters,
  hosts: parameters.hosts.map((host) => ({ ...host, password })),
});

/** For a tool that sets it itself, whatever else is said of it. @param path as SQL has it */
export const withSearchPath = (parameters: ConnectionParameters, path: string): ConnectionParameters => ({
  ...parameters,
  settings: { ...parameters.settings, search_path: path },
});

export const isSocket = (host: Host): boolean =>
  /^[/@]/.test(host.address ?? host.name) || /^[a-z]:\\/i.test(host.name);

/** True when every host is this machine, by loopback address, `localhost` or Unix socket. */
export const isLocal = ({ hosts }: ConnectionParameters): boolean => hosts.every(isLocalHost);

/** `shop_dev@localhost:5432`; for a socket the folder stands for the host. */
export const labelOf = ({ database, hosts }: ConnectionParameters): string =>
  `${database}@${hosts.map(hostLabel).join(',')}`;

/** `postgres://user@host:5432/name`, the same for the same database however it was written; no password. */
export function idOf({ hosts, user, database }: ConnectionParameters): string {
  const places = hosts.map((host) => `${encodeURIComponent(host.address ?? host.name)}:${host.port}`);
  return `postgres://${encodeURIComponent(user)}@${places.join(',')}/${encodeURIComponent(database)}`;
}

export function hostLabel(host: Host): string {
  const { name, port } = host;
  return name.includes(':') && !isSocket(host) ? `[${name}]:${port}` : `${name}:${port}`;
}

function isLocalHost(host: Host): boolean {
  const where = (host.address ?? host.name).toLowerCase();
  return (
    isSocket(host) || /^(localhost\.?|127(\.\d{1,3}){3}|::1|0:0:0:0:0:0:0:1|::ffff:127(\.\d{1,3}){3})$/.test(where)
  );
}
