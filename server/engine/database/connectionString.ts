/**
 * Connection strings as libpq reads them: URLs and `key=value` texts, into keywords and values.
 *
 * Source: PostgreSQL documentation, "Connection Strings" (libpq-connect).
 */
import { Fault } from '../base/fault';

/** Keywords of libpq (`host`, `port`, `dbname`…) and any others that a URL carries; hosts and ports comma-separated. */
export type Keywords = Readonly<Record<string, string>>;

/** @throws {Fault} `bad-connection-settings`; the text is never part of it, for it may hold a password */
export function readConnectionString(text: string): Keywords {
  const trimmed = text.trim();
  if (isUrl(trimmed)) return readUrl(trimmed);
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(trimmed)?.[1];
  if (scheme !== undefined) throw bad(`a URL for Postgres begins with postgres:// or postgresql://, not ${scheme}://.`);
  return readPairs(trimmed);
}

/** libpq's two schemes, and those by which golang-migrate chooses its driver (database/pgx/pgx.go, pgx/v5/pgx.go). */
export const isUrl = (text: string): boolean => /^(?:postgres(?:ql)?|pgx[45]?):\/\//i.test(text);

function readUrl(text: string): Keywords {
  const rest = text.slice(text.indexOf('//') + 2);
  const [, authority = '', path = '', query = ''] = /^([^/?]*)(?:\/([^?]*))?(?:\?(.*))?$/s.exec(rest) ?? [];
  // Taken for the name of the database, the end of the password would be shown.
  if (path.includes('@')) throw bad('in the password of a URL, write / as %2F; in the database, @ as %40.');
  const at = authority.lastIndexOf('@');
  const [login, places] = at < 0 ? ['', authority] : [authority.slice(0, at), authority.slice(at + 1)];
  const colon = login.indexOf(':');
  const hosts = places === '' ? [] : places.split(',').map(hostAndPort);
  return {
    ...named('user', decoded(colon < 0 ? login : login.slice(0, colon))),
    ...(colon < 0 ? {} : named('password', decoded(login.slice(colon + 1)))),
    ...named('host', hosts.map(({ host }) => host).join(',')),
    ...(hosts.some(({ port }) => port !== '') ? { port: hosts.map(({ port }) => port).join(',') } : {}),
    ...named('dbname', decoded(path.replace(/#.*$/s, ''))),
    ...readQuery(query),
  };
}

function hostAndPort(place: string): { host: string; port: string } {
  const bracketed = /^\[([^\]]*)\](?::(\d*))?$/.exec(place);
  if (bracketed) return { host: bracketed[1] ?? '', port: bracketed[2] ?? '' };
  const colon = place.lastIndexOf(':');
  if (colon >= 0 && place.indexOf(':') !== colon) throw bad('an IPv6 address in a URL stands in brackets: [::1].');
  return colon < 0
    ? { host: decoded(place), port: '' }
    : { host: decoded(place.slice(0, colon)), port: place.slice(colon + 1) };
}

function readQuery(query: string): Keywords {
  const pairs = query.split('&').filter((it) => it !== '');
  return Object.fromEntries(
    pairs.map((pair) => {
      const equals = pair.indexOf('=');
      if (equals < 0) throw bad(`the parameter ${decoded(pair)} of the URL has no value.`);
      const name = decoded(pair.slice(0, equals));
      const value = decoded(pair.slice(equals + 1));
      // JDBC's spelling, which libpq takes in a URL.
      return name === 'ssl' && value === 'true' ? ['sslmode', 'require'] : [name, value];
    }),
  );
}

/** Values may stand in single quotes; a backslash keeps the next character. */
function readPairs(text: string): Keywords {
  const pairs: Record<string, string> = {};
  let rest = text;
  while (rest !== '') {
    const [whole, name = '', quoted, plain] =
      /^([^\s=]+)\s*=\s*(?:'((?:[^'\\]|\\.)*)'|((?:[^\s'\\]|\\.)*))(?=\s|$)\s*/s.exec(rest) ?? [];
    if (whole === undefined)
      throw bad('it is neither a URL (postgres://…) nor pairs such as host=localhost dbname=shop.');
    pairs[name] = (quoted ?? plain ?? '').replaceAll(/\\(.)/gs, '$1');
    rest = rest.slice(whole.length);
  }
  return pairs;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) throw bad('a percent sign in a URL is written %25.');
    throw error;
  }
}

const named = (name: string, value: string): Keywords => (value === '' ? {} : { [name]: value });

const bad = (what: string): Fault => new Fault('bad-connection-settings', what);
