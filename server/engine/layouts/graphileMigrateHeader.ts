/**
 * The head of a committed migration: `--! Previous: …`, `--! Hash: …`, an empty line, and then what is run.
 *
 * Facts from graphile/migrate 2.0.0-rc.3: parseMigrationText and runCommittedMigration in src/migration.ts,
 * src/hash.ts, src/header.ts.
 */
import { createHash } from 'node:crypto';
import type { TextRange } from '../base/text';

export interface Head {
  /** By name; the value is null where none is written. */
  readonly headers: ReadonlyMap<string, Header>;
  /** A name that stands twice. */
  readonly twice: Header | undefined;
  /** Where the head ends: in the line behind it. */
  readonly end: number;
  /** What is run, without white space around it. */
  readonly body: TextRange;
}

export interface Header {
  readonly name: string;
  readonly value: string | null;
  /** Of its line. */
  readonly range: TextRange;
}

export function headOf(text: string): Head {
  const headers = new Map<string, Header>();
  let twice: Header | undefined;
  let at = 0;
  for (let match = headerAt(text, at); match; match = headerAt(text, at)) {
    const [line, name = '', value] = match;
    const header = {
      name,
      value: value === undefined ? null : value.trim(),
      range: { start: at, end: at + line.length },
    };
    if (headers.has(name)) twice ??= header;
    else headers.set(name, header);
    at += line.length + 1;
    if (at > text.length) break;
  }
  const rest = text.slice(at);
  const start = Math.min(text.length, at + (rest.length - rest.trimStart().length));
  const end = Math.max(start, text.trimEnd().length);
  return { headers, twice, end: Math.min(at, text.length), body: { start, end } };
}

/** Names begin with a capital letter, and a line ends at LF alone. */
function headerAt(text: string, at: number): RegExpExecArray | null {
  const end = text.indexOf('\n', at);
  const line = text.slice(at, end < 0 ? text.length : end);
  return /^--! ([A-Z][a-zA-Z0-9_]*)(?::(.*))?$/.exec(line);
}

/** @param previous undefined for the first one */
export const hashOf = (body: string, previous: string | undefined): string =>
  `sha1:${createHash('sha1')
    .update(`${`${previous ?? ''}\n${body.trim()}`.trim()}\n`)
    .digest('hex')}`;

/** What is recorded of a committed migration. */
export interface Link {
  readonly hash: string;
  /** Undefined for the first one. */
  readonly previous: string | undefined;
  /** Of the text as it is. */
  readonly computed: string;
  readonly allowsAnyHash: boolean;
}

/** @returns undefined when it does not say both */
export function linkOf(text: string): Link | undefined {
  const { headers, body } = headOf(text);
  const [hash, before] = [headers.get('Hash')?.value, headers.get('Previous')?.value];
  if (!hash || !before) return undefined;
  const previous = before === '-' ? undefined : before;
  const computed = hashOf(text.slice(body.start, body.end), previous);
  return { hash, previous, computed, allowsAnyHash: headers.has('AllowInvalidHash') };
}

/** Only where it stands in the first line of what is run. */
export const isWithoutTransaction = (sql: string): boolean =>
  /^--!\s*no-transaction\b/.test(sql.split('\n', 1)[0] ?? '');
