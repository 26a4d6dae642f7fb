/** Takes the password out of a connection text, so that what is stored and sent about has none. */

export interface ConnectionText {
  readonly connection: string;
  readonly password: string | undefined;
}

/** `sslpassword` is that of the client's key; it is kept nowhere. */
const secrets: ReadonlySet<string> = new Set(['password', 'sslpassword']);

/**
 * @param text a URL (`postgres://user:password@host/db`, whatever its scheme) or `key=value` pairs, as libpq reads them. What is neither is
 *   given back as it is: the server will refuse it, and only what it accepts is stored.
 */
export function withoutPassword(text: string): ConnectionText {
  const trimmed = text.trim();
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(trimmed) ? fromUrl(trimmed) : fromPairs(trimmed);
}

function fromUrl(url: string): ConnectionText {
  // The last @ of the authority ends the user's part: a password with an unescaped @ must not be cut in two.
  const [, scheme = '', user = '', inAuthority, rest = ''] =
    /^([^:]+:\/\/)(?:([^:@/?#]*)(?::([^/?#]*))?@)?(.*)$/s.exec(url) ?? [];
  const at = url.length - rest.length > scheme.length ? '@' : '';
  const [place = '', ...query] = rest.split('?');
  const parameters = query.join('?').split('&');
  const nameOf = (parameter: string): string => decoded(parameter.split('=', 1).join(''));
  const inQuery = parameters.find((it) => nameOf(it) === 'password')?.replace(/^[^=]*=?/, '');
  const others = parameters.filter((it) => it !== '' && !secrets.has(nameOf(it)));
  const password = inQuery ?? inAuthority;
  return {
    connection: `${scheme}${user}${at}${place}${others.length > 0 ? `?${others.join('&')}` : ''}`,
    password: password === undefined || password === '' ? undefined : decoded(password),
  };
}

function decoded(escaped: string): string {
  try {
    return decodeURIComponent(escaped);
  } catch (error) {
    if (error instanceof URIError) return escaped;
    throw error;
  }
}

function fromPairs(text: string): ConnectionText {
  const pair = /\s*(\w+)\s*=\s*('(?:\\.|[^'\\])*'|(?:\\.|[^\s\\])*)\s*/gsy;
  const others: string[] = [];
  let password: string | undefined;
  let end = 0;
  for (const { 0: whole, 1: key = '', 2: value = '', index } of text.matchAll(pair)) {
    if (key === 'password') password = unquoted(value);
    else if (!secrets.has(key)) others.push(whole.trim());
    end = index + whole.length;
  }
  if (end < text.length) return { connection: text, password: undefined };
  return { connection: others.join(' '), password: password === '' ? undefined : password };
}

const unquoted = (value: string): string =>
  (value.startsWith("'") ? value.slice(1, -1) : value).replaceAll(/\\(.)/gs, '$1');
