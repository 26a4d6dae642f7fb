/**
 * drizzle's `meta/_journal.json`: which migrations there are, and in which order they run.
 *
 * Facts from drizzle-team/drizzle-orm v0.45: drizzle-orm/src/migrator.ts, drizzle-orm/src/pg-core/dialect.ts,
 * drizzle-kit/src/cli/commands/check.ts.
 */
import { isObject } from '../base/json';
import type { Collected, FolderContents, FolderProblem, FoundFile, MigrationName } from './layout';
import { groupsOf } from './pairs';

export const journalFile = 'meta/_journal.json';

export interface JournalEntry {
  readonly idx?: number;
  readonly version?: string;
  /** In milliseconds; what is recorded. */
  readonly when: number;
  /** The name of its file, without `.sql`. */
  readonly tag: string;
}

export interface Journal {
  readonly version?: string;
  readonly dialect?: string;
  readonly entries: readonly JournalEntry[];
}

/** @returns in words, why drizzle cannot read it */
export function readJournal(text: string): Journal | string {
  if (/^(?:<{7}|>{7})(?: |$)/m.test(text))
    return 'it has the marks of a merge conflict. Keep the entries of both sides, each with an "idx" and a "when" of its own.';
  try {
    const journal: unknown = JSON.parse(text);
    if (!isObject(journal) || !Array.isArray(journal['entries'])) return 'it has no list of entries.';
    const entries: readonly unknown[] = journal['entries'];
    const other = entries.findIndex((it) => !isEntry(it));
    return other < 0
      ? (journal as unknown as Journal)
      : `its entry number ${other + 1} has no "tag" or no "when" in whole milliseconds.`;
  } catch (error) {
    if (error instanceof SyntaxError) return `it is no JSON (${error.message}).`;
    throw error;
  }
}

/** Also of one that is torn. */
export const dialectIn = (text: string): string | undefined => /"dialect"\s*:\s*"(\w+)"/.exec(text)?.[1];

export function collectJournal({ names, read }: Pick<FolderContents, 'names' | 'read'>, text: string): Collected {
  const journal = readJournal(text);
  if (typeof journal === 'string') return { files: [], problems: [atJournal(`drizzle cannot read it: ${journal}`)] };
  const entries = journal.entries.filter(({ tag }) => !leadsOut(tag));
  const isThere = ({ tag }: JournalEntry): boolean => names.includes(`${tag}.sql`) || read(`${tag}.sql`) !== undefined;
  const listed = new Set(entries.map(({ tag }) => `${tag}.sql`));
  return {
    files: entries.flatMap((entry, at) => (isThere(entry) ? [fileOf(entry, at)] : [])),
    problems: [
      ...journal.entries.filter(({ tag }) => leadsOut(tag)).map(outside),
      ...entries.filter((it) => !isThere(it)).map(fileless),
      ...names.filter((name) => name.endsWith('.sql') && !listed.has(name)).map(unlisted),
      ...repeated(entries),
      ...outOfTime(entries),
    ],
  };
}

export const journalName = ({ tag, when }: Pick<JournalEntry, 'tag' | 'when'>, at: number): MigrationName => ({
  version: String(when),
  digits: /^\d+/.exec(tag)?.[0] ?? '',
  order: String(at).padStart(10, '0'),
  title: tag,
  direction: 'up',
});

const fileOf = (entry: JournalEntry, at: number): FoundFile => ({
  fileName: `${entry.tag}.sql`,
  name: journalName(entry, at),
});

const atJournal = (message: string): FolderProblem => ({ fileName: journalFile, message });

const fileless = ({ tag }: JournalEntry): FolderProblem =>
  atJournal(`drizzle refuses the whole folder: ${tag}.sql is listed and not there. Restore it, or take its entry out.`);

const outside = ({ tag }: JournalEntry): FolderProblem =>
  atJournal(`${tag}.sql, which is listed, lies outside of the folder: it is not read here. Name a file of the folder.`);

const unlisted = (fileName: string): FolderProblem => ({
  fileName,
  message: `drizzle never runs this file: ${journalFile} does not list it. Add an entry, or make the migration anew with drizzle-kit generate --custom.`,
});

function repeated(entries: readonly JournalEntry[]): FolderProblem[] {
  const groups = groupsOf(
    entries.filter(({ idx }) => idx !== undefined),
    ({ idx }) => String(idx),
  );
  return [...groups].flatMap(([idx, [first, ...others]]) =>
    others.map(({ tag }) =>
      atJournal(
        `"idx" ${idx} stands twice, of ${first?.tag} and of ${tag}: their snapshots have one name. Make the later migration anew.`,
      ),
    ),
  );
}

/** Only what is later than all that was applied before is run. */
function outOfTime(entries: readonly JournalEntry[]): FolderProblem[] {
  let latest: JournalEntry | undefined;
  return entries.flatMap((entry) => {
    const before = latest;
    if (!before || entry.when >= before.when) latest = entry;
    if (!before || entry.when >= before.when) return [];
    const message = `drizzle passes over this file where ${before.tag} is applied: its "when" in ${journalFile} is not above that one's. Give it a later one.`;
    return [{ fileName: `${entry.tag}.sql`, message }];
  });
}

/** drizzle puts the tag into a path as it is. */
const leadsOut = (tag: string): boolean => /^[\\/]|^[a-z]:|(?:^|[\\/])\.\.(?:[\\/]|$)/i.test(tag);

const isEntry = (value: unknown): boolean =>
  isObject(value) && typeof value['tag'] === 'string' && Number.isSafeInteger(value['when']);
