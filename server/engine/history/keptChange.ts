/** What is kept of applied migrations, and one file of it: what was kept then, and what had gone. */
import { isObject, jsonIn } from '../base/json';
import type { MigrationName } from '../layouts/layout';

export interface KeptMigration {
  readonly version: string;
  readonly title: string;
  readonly name: MigrationName;
  /** ISO 8601. Later than whatever was known then, also where a clock was put back. */
  readonly kept: string;
  readonly up?: KeptFile;
  /** Equal to `up` when one file holds both directions. */
  readonly down?: KeptFile;
}

export interface KeptFile {
  /** Relative to the folder, with `/` between. */
  readonly fileName: string;
  /** Without its byte order mark. */
  readonly text: string;
  readonly isMarked: boolean;
  /** What its tool reads of it beside it, by name as `fileName`. */
  readonly beside: Readonly<Record<string, string>>;
}

export interface Change {
  readonly kept: readonly KeptMigration[];
  readonly gone: readonly Gone[];
}

export interface Gone {
  readonly version: string;
  /** ISO 8601. */
  readonly at: string;
}

/** One that was damaged, or is of another shape, says nothing. @param fileName begins with the digits of its time */
export function changeIn(text: string, fileName: string): Change {
  const value = jsonIn(text);
  if (!isObject(value)) return nothing;
  const { kept, gone } = value;
  if (!isListOf(isKept, kept) || !Array.isArray(gone)) return nothing;
  const at = timeOf(fileName);
  const dated: readonly unknown[] = gone.map((it: unknown) => (typeof it === 'string' ? { version: it, at } : it));
  return isListOf(isGone, dated) ? { kept, gone: dated } : nothing;
}

const nothing: Change = { kept: [], gone: [] };

/** What had gone was told without its time once: it is that of the file. */
const timeOf = (fileName: string): string =>
  fileName.replace(/^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d{3}).*/, '$1-$2-$3T$4:$5:$6.$7Z');

const isListOf = <T>(isOne: (value: unknown) => value is T, value: unknown): value is readonly T[] =>
  Array.isArray(value) && value.every(isOne);

const isGone = (value: unknown): value is Gone => isObject(value) && isText(value['version']) && isTime(value['at']);

const isKept = (value: unknown): value is KeptMigration =>
  isObject(value) &&
  isText(value['version']) &&
  isText(value['title']) &&
  isTime(value['kept']) &&
  isName(value['name']) &&
  (value['up'] === undefined || isFile(value['up'])) &&
  (value['down'] === undefined || isFile(value['down']));

const isName = (value: unknown): boolean =>
  isObject(value) &&
  [value['version'], value['digits'], value['order'], value['title']].every(isText) &&
  (value['replaces'] === undefined || isListOf(isText, value['replaces']));

const isFile = (value: unknown): value is KeptFile =>
  isObject(value) &&
  isText(value['fileName']) &&
  isText(value['text']) &&
  typeof value['isMarked'] === 'boolean' &&
  isObject(value['beside']) &&
  Object.values(value['beside']).every(isText);

const isText = (value: unknown): value is string => typeof value === 'string';

/** As a Date writes it, so that two compare as texts. */
const isTime = (value: unknown): value is string =>
  isText(value) && /^\d{4}-\d\d-\d\dT[\d:]{8}\.\d{3}Z$/.test(value) && !Number.isNaN(Date.parse(value));
