/**
 * Placeholders in Flyway's scripts: `${name}`, everywhere in the text, also in comments and strings.
 *
 * Facts from flyway/flyway 13.0.0: internal/parser/PlaceholderReplacingReader.java, ParsingContext.java.
 */
import type { TextRange } from '../base/text';
import type { Replaced } from '../sql/statement';
import type { FlywayConfig, FlywayPlaceholders } from './flywayConfig';
import type { ToolSettings } from './layout';

export interface Replacing {
  /** In order. */
  readonly replaced: readonly Replaced[];
  /** Those without a value: Flyway refuses the file. */
  readonly unknown: readonly { readonly name: string; readonly range: TextRange }[];
}

/** What Flyway itself has a value for. */
export type FlywaySession = Pick<ToolSettings, 'database' | 'user'>;

/** @param fileName without its folder */
export function valuesFor(
  { placeholders, table, schema, schemas }: FlywayConfig,
  fileName: string,
  { database, user }: FlywaySession,
): Readonly<Record<string, string>> {
  const own = {
    defaultschema: schema ?? schemas[0] ?? 'public',
    database,
    user,
    timestamp: localTime(new Date()),
    filename: fileName,
    table,
    environment: 'default',
  };
  const entries = Object.entries(own).flatMap(([name, value]) =>
    value === undefined ? [] : [[`flyway${placeholders.separator}${name}`, value]],
  );
  return { ...placeholders.values, ...Object.fromEntries(entries) };
}

/** @param values by name in lower case */
export function replacing(
  text: string,
  { prefix, suffix }: Pick<FlywayPlaceholders, 'prefix' | 'suffix'>,
  values: Readonly<Record<string, string>>,
): Replacing {
  const replaced: Replaced[] = [];
  const unknown: { name: string; range: TextRange }[] = [];
  for (let at = 0; at < text.length; ) {
    const taken = takenAt(text, at, prefix);
    if (text.slice(at, at + taken) !== prefix) {
      at += taken;
      continue;
    }
    const found = text.indexOf(suffix, at + taken);
    const end = found < 0 ? text.length : found + suffix.length;
    const name = text.slice(at + taken, found < 0 ? text.length : found);
    const value = Object.hasOwn(values, name.toLowerCase()) ? values[name.toLowerCase()] : undefined;
    const range = { start: at, end };
    if (found < 0 || value === undefined) unknown.push({ name, range: found < 0 ? firstLine(text, range) : range });
    else replaced.push({ range, text: value });
    at = end;
  }
  return { replaced, unknown };
}

/**
 * How far Flyway reads before it decides: as long as it looks like the prefix. What it has read it does not look at
 * again, so that in `$${name}` it sees no placeholder.
 */
function takenAt(text: string, at: number, prefix: string): number {
  let length = 1;
  while (length < prefix.length && at + length < text.length && text.slice(at, at + length) === prefix.slice(0, length))
    length++;
  return length;
}

function firstLine(text: string, { start, end }: TextRange): TextRange {
  const line = text.slice(start, end).search(/[\r\n]/);
  return { start, end: line < 0 ? end : start + line };
}

/** `2026-01-31 23:59:59` where the tool runs. */
const localTime = (now: Date): string =>
  new Date(now.getTime() - now.getTimezoneOffset() * 60_000).toISOString().slice(0, 19).replace('T', ' ');
