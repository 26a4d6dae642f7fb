/** Opens a connection of node-postgres as libpq would: hosts in turn, TLS or not by sslmode, the kind of server wanted. */
import type { Socket } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { Client, DatabaseError } from 'pg';
import { Fault } from '../base/fault';
import type { BackendKey } from './cancelRequest';
import { connectFault, type Login } from './connectFault';
import type { ConnectionParameters, Host, TargetSession } from './parameters';
import { tlsAttempts, tlsOptions } from './tls';

/** A connection that has logged in, and what is needed to send a cancel request after it. */
export interface Connected {
  readonly client: Client;
  readonly host: Host;
  /** Undefined when the connection is in the clear. */
  readonly tls: ConnectionOptions | undefined;
  readonly direct: boolean;
}

/** node-postgres keeps them where its types do not show them. */
export const backendKey = (client: Client): BackendKey => ({
  processID: Reflect.get(client, 'processID'),
  secretKey: Reflect.get(client, 'secretKey'),
});

/** @throws as Database.open; the fault of the first host when none answers */
export async function connect(parameters: ConnectionParameters, signal?: AbortSignal): Promise<Connected> {
  const faults: Fault[] = [];
  for (const wanted of passesFor(parameters.targetSession)) {
    for (const host of parameters.hosts) {
      const connected = await connectTo(parameters, host, wanted, signal).catch((error: unknown) => {
        if (!(error instanceof Fault)) throw error;
        // A server that answered and refused the login is the one that was meant.
        if (!['no-server', 'wrong-server', 'no-tls'].includes(error.code)) throw error;
        faults.push(error);
      });
      if (connected) return connected;
    }
  }
  const [first] = faults;
  if (first && faults.length > 1) {
    const code = faults.every((it) => it.code === first.code) ? first.code : 'no-server';
    throw new Fault(code, [...new Set(faults.map(({ detail }) => detail))].join(' '), first);
  }
  throw first ?? new Error('a connection has at least one host');
}

/** `prefer-standby` is satisfied by any server in a second pass over the hosts. */
const passesFor = (wanted: TargetSession): readonly TargetSession[] =>
  wanted === 'prefer-standby' ? ['standby', 'any'] : [wanted];

async function connectTo(
  parameters: ConnectionParameters,
  host: Host,
  wanted: TargetSession,
  signal: AbortSignal | undefined,
): Promise<Connected> {
  const attempts = tlsAttempts(parameters, host);
  let refused: Fault | undefined;
  for (const secure of attempts) {
    try {
      const connected = await logIn(parameters, host, secure, signal);
      await hangingUp(connected.client, signal, () => checkSession(connected, wanted));
      return connected;
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      refused ??= error;
      // With `prefer` and `allow` only the other kind of connection may be what the server wants.
      if (error.code !== 'no-tls' && !refusedByRule(error)) throw error;
    }
  }
  throw refused ?? new Error('there is at least one way to connect');
}

/** 28000 is pg_hba.conf's refusal, which may depend on TLS; 28P01 is a wrong password, which does not. */
const refusedByRule = ({ cause }: Fault): boolean => cause instanceof DatabaseError && cause.code === '28000';

async function logIn(
  parameters: ConnectionParameters,
  host: Host,
  secure: boolean,
  signal: AbortSignal | undefined,
): Promise<Connected> {
  const { direct } = parameters.tls;
  const tls = secure ? tlsOptions(parameters, host) : undefined;
  const login = { passwordAsked: false, channelBound: false, secured: false, securing: false };
  let client: Client | undefined;
  try {
    const made = (client = clientFor(parameters, host, tls, login));
    await hangingUp(made, signal, () => made.connect());
    return { client: made, host, tls, direct };
  } catch (error) {
    // A login that was given up would keep the server waiting, and with it everybody who drops a database there.
    client?.connection.stream.destroy();
    signal?.throwIfAborted();
    throw connectFault(error, parameters, host, login);
  }
}

/** Whatever the server is waited for, the signal ends it. */
async function hangingUp(client: Client, signal: AbortSignal | undefined, work: () => Promise<unknown>): Promise<void> {
  signal?.throwIfAborted();
  const hangUp = (): void => void client.connection.stream.destroy();
  signal?.addEventListener('abort', hangUp, { once: true });
  try {
    await work();
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener('abort', hangUp);
  }
}

function clientFor(
  parameters: ConnectionParameters,
  host: Host,
  tls: ConnectionOptions | undefined,
  login: Login,
): Client {
  const { user, database, applicationName, connectTimeoutMs, channelBinding } = parameters;
  const client = new Client({
    host: host.address ?? host.name,
    port: host.port,
    user,
    database,
    application_name: applicationName,
    connectionTimeoutMillis: connectTimeoutMs,
    keepAlive: true,
    enableChannelBinding: tls !== undefined && channelBinding !== 'disable',
    ssl: tls ?? false,
    sslnegotiation: tls && parameters.tls.direct ? 'direct' : 'postgres',
    // A function, because node-postgres looks for PGPASSWORD and .pgpass by itself when it is given none.
    password: () => {
      login.passwordAsked = true;
      if (channelBinding === 'require' && !login.channelBound)
        throw new Fault(
          'no-tls',
          `${host.name} does not offer the channel binding that channel_binding=require asks for.`,
        );
      if (host.password) return host.password;
      throw new Fault('wrong-password', `${host.name} asks for the password of ${user}, and none is known.`);
    },
  });
  // node-postgres would fall back to PGOPTIONS; here the environment has been read already.
  Object.assign(client, {
    connectionParameters: Object.assign(Reflect.get(client, 'connectionParameters'), {
      options: optionsOf(parameters),
    }),
  });
  client.connection.on('authenticationSASL', ({ mechanisms }: { mechanisms: readonly string[] }) => {
    login.channelBound = tls !== undefined && mechanisms.includes('SCRAM-SHA-256-PLUS');
  });
  client.connection.on('sslconnect', () => {
    login.securing = true;
    (client.connection.stream as Socket).once('secureConnect', () => {
      login.secured = true;
    });
  });
  // Without a listener the death of an idle connection would end our process; the session has listeners of its own.
  client.on('error', () => undefined);
  return client;
}

/** Settings travel as `-c name=value`, where a backslash escapes blanks and backslashes (libpq, `options`). */
function optionsOf({ options, settings }: ConnectionParameters): string {
  const given = Object.entries(settings).map(([name, value]) => `-c ${escaped(`${name}=${value}`)}`);
  return [options, ...given].filter((part) => part !== '').join(' ');
}

const escaped = (text: string): string => text.replace(/[\\\s]/g, (character) => `\\${character}`);

/** @throws {Fault} `wrong-server` when this server is not of the kind that target_session_attrs asks for */
async function checkSession({ client, host }: Connected, wanted: TargetSession): Promise<void> {
  if (wanted === 'any') return;
  const { rows } = await client.query<{ standby: boolean; readOnly: boolean }>(
    `select pg_is_in_recovery() as standby,
      pg_is_in_recovery() or current_setting('default_transaction_read_only')::bool as "readOnly"`,
  );
  const [{ standby, readOnly } = { standby: false, readOnly: false }] = rows;
  const fits = {
    'read-write': !readOnly,
    'read-only': readOnly,
    primary: !standby,
    standby,
    'prefer-standby': standby,
  };
  if (fits[wanted]) return;
  await client.end();
  throw new Fault('wrong-server', `${host.name} is not the ${wanted} server that target_session_attrs asks for.`);
}
