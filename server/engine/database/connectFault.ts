/** Why a connection could not be made, as a Fault by SQLSTATE or errno. Its words never hold a password. */
import { DatabaseError } from 'pg';
import { Fault, type FaultCode } from '../base/fault';
import { type ConnectionParameters, type Host, hostLabel, isSocket } from './parameters';

/** What was seen of the login, to find words for its failure. */
export interface Login {
  passwordAsked: boolean;
  channelBound: boolean;
  securing: boolean;
  secured: boolean;
}

export function connectFault(error: unknown, parameters: ConnectionParameters, host: Host, login: Login): Fault {
  if (error instanceof Fault) return error;
  const where = isSocket(host) ? `the socket ${host.name}/.s.PGSQL.${host.port}` : hostLabel(host);
  if (error instanceof DatabaseError) return refusedLogin(error, where);
  if (!(error instanceof Error)) throw error;
  const why = error.message || codeOf(error) || error.name;
  if (login.securing && (!login.secured || /SSL|TLS/.test(codeOf(error))))
    return new Fault('no-tls', `TLS with ${where} failed: ${why}.`, error);
  if (/SSL connection/.test(why)) return new Fault('no-tls', `${where} offers no TLS: ${why}.`, error);
  if (/^SASL|SCRAM/.test(why))
    return new Fault('wrong-password', `${where} could not agree on the login: ${why}.`, error);
  return new Fault('no-server', unreachable(error, where, parameters), error);
}

const codeOf = (error: Error): string => ('code' in error && typeof error.code === 'string' ? error.code : '');

/** SQLSTATEs of a refused login (Postgres documentation, appendix A). */
const faultsBySqlState: Readonly<Record<string, FaultCode>> = {
  '28P01': 'wrong-password',
  '28000': 'wrong-password',
  '3D000': 'no-database',
  '42501': 'no-right',
  '42704': 'bad-connection-settings',
  '22023': 'bad-connection-settings',
  '53300': 'no-connection-left',
  '55000': 'busy',
  '55006': 'busy',
  '53100': 'disk-full',
};

/** Who is refused so would be let in if the database took connections (ALLOW_CONNECTIONS). */
export const takesNobody = (error: unknown): boolean =>
  error instanceof Fault && error.cause instanceof DatabaseError && error.cause.code === notReady;

/** object_not_in_prerequisite_state */
const notReady = '55000';

function refusedLogin(error: DatabaseError, where: string): Fault {
  const { code = '', message } = error;
  // pg_hba.conf's own words for "this would do with TLS".
  const needsTls = code === '28000' && /no encryption|SSL off/.test(message);
  return new Fault(
    needsTls ? 'no-tls' : (faultsBySqlState[code] ?? 'no-server'),
    `${where} says: ${message} (${code}).`,
    error,
  );
}

function unreachable(error: Error, where: string, { connectTimeoutMs }: ConnectionParameters): string {
  if (error.message === 'timeout expired') return `${where} gave no answer within ${connectTimeoutMs / 1000} seconds.`;
  switch (codeOf(error)) {
    case 'ECONNREFUSED':
      return `nothing listens at ${where}.`;
    case 'ENOENT':
      return `there is no ${where.startsWith('the socket') ? where.slice(4) : where}.`;
    case 'ENOTFOUND':
      return `the host name of ${where} is not known.`;
    case 'EAI_AGAIN':
      return `the host name of ${where} could not be looked up.`;
    case 'EACCES':
      return `${where} may not be used by this user.`;
    default:
      return `${where}: ${error.message || codeOf(error) || error.name}.`;
  }
}
