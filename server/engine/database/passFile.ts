/** Passwords and services from the files that libpq reads. Source: PostgreSQL documentation, libpq-pgpass, libpq-pgservice. */
import type { Keywords } from './connectionString';

export interface PassKey {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
}

/** @returns the password of the first line that fits; `*` fits anything */
export function passwordIn(passFile: string, { host, port, database, user }: PassKey): string | undefined {
  for (const line of passFile.split(/\r?\n/)) {
    if (line.startsWith('#') || line === '') continue;
    const fields = fieldsOf(line);
    const fits = [host, String(port), database, user].every(
      (value, i) => fields[i] === '*' || unescaped(fields[i] ?? '') === value,
    );
    if (fits && fields.length >= 5) return unescaped(fields[4] ?? '');
  }
  return undefined;
}

/** Cut at colons, but not at escaped ones; everything behind the fourth is the password. */
const fieldsOf = (line: string): string[] =>
  [...line.matchAll(/(?:^|:)((?:[^:\\]|\\.?)*)/g)].map(([, field = '']) => field);

const unescaped = (field: string): string => field.replaceAll(/\\(.)/g, '$1');

/** @returns the keywords of a section `[name]`; undefined when there is none */
export function serviceIn(serviceFile: string, name: string): Keywords | undefined {
  const found: Record<string, string> = {};
  let inside = false;
  let seen = false;
  for (const line of serviceFile.split(/\r?\n/).map((it) => it.trim())) {
    if (line === '' || line.startsWith('#')) continue;
    const section = /^\[(.*)\]$/.exec(line)?.[1];
    if (section !== undefined) {
      inside = section === name && !seen;
      seen ||= inside;
    } else if (inside) {
      const equals = line.indexOf('=');
      if (equals > 0) found[line.slice(0, equals).trim()] ??= line.slice(equals + 1).trim();
    }
  }
  return seen ? found : undefined;
}
