/**
 * The files of migrations as they were applied, kept in our own folder: after a checkout of another branch they are all
 * that is known of what the database has and the folder lacks.
 *
 * By database and history table, so that several windows and work trees on one database share them. Each write is a file
 * of its own with what is new; together, in the order of their names, they tell what is kept. So writers need no lock,
 * and a crash leaves what was there before.
 */
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { sha256 } from '../base/digest';
import { guarded, unlessMissing, writeDurably } from '../base/durable';
import { jsonIn } from '../base/json';
import type { MigrationName } from '../layouts/layout';

export interface KeptMigration {
  readonly version: string;
  readonly title: string;
  readonly name: MigrationName;
  /** ISO 8601. */
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

export interface KeptMigrations {
  /** By version; also what other processes have kept until now. @throws what the file system refuses */
  all(): ReadonlyMap<string, KeptMigration>;
  /**
   * Keeps these in the place of what was kept of the same versions, and nothing of those that are not applied any more.
   *
   * @throws {Fault} `disk-full`, `not-writable`
   */
  put(migrations: readonly KeptMigration[], gone: readonly string[]): void;
}

interface Change {
  readonly kept: readonly KeptMigration[];
  readonly gone: readonly string[];
}

/** When there are more files than that, they become one. */
const mostFiles = 40;

/**
 * @param home as for appliedTexts
 * @param table of the history
 */
export function keptMigrations(home: string, table: string, now: () => Date): KeptMigrations {
  const folder = join(home, 'kept', sha256(table).slice(0, 24));
  let read: readonly string[] = [];
  let known: ReadonlyMap<string, KeptMigration> = new Map();

  /** Looked for again where another process has put some together meanwhile: what they told is in another one now. */
  const all = (): ReadonlyMap<string, KeptMigration> => {
    for (let names = namesIn(folder); names.join() !== read.join(); names = namesIn(folder)) {
      const kept = keptIn(folder, names);
      if (kept) [known, read] = [kept, names];
    }
    return known;
  };
  const write = (stamp: string, change: Change): string => {
    const name = `${stamp}-${randomBytes(4).toString('hex')}.json`;
    writeDurably(join(folder, name), JSON.stringify(change));
    return name;
  };
  return {
    all,
    put(migrations, gone) {
      const before = all();
      const forgotten = gone.filter((it) => before.has(it));
      if (migrations.length === 0 && forgotten.length === 0) return;
      const change: Change = { kept: migrations, gone: forgotten };
      const name = write(behind(namesIn(folder), now()), change);
      // What was just written need not be read.
      [known, read] = [changed(new Map(before), change), [...read, name]];
      const together = [...all().values()];
      const names = read;
      if (names.length <= mostFiles) return;
      // In the place of the newest of them, so that what others write meanwhile is behind it.
      write(stampOf(names.at(-1)), { kept: together, gone: [] });
      for (const name of names) guarded(folder, () => rmSync(join(folder, name), { force: true }));
    },
  };
}

/** Digits of a time with milliseconds. */
const stampLength = 17;

const stampOf = (name = ''): string => name.slice(0, stampLength);

/** Behind all that are there, also where the clock was put back or two are written at one instant. */
function behind(names: readonly string[], now: Date): string {
  const stamp = now.toISOString().replaceAll(/\D/g, '');
  const newest = stampOf(names.at(-1));
  return newest < stamp ? stamp : String(BigInt(newest) + 1n).padStart(stampLength, '0');
}

/** @returns undefined when one of them is not there any more */
function keptIn(folder: string, names: readonly string[]): Map<string, KeptMigration> | undefined {
  const known = new Map<string, KeptMigration>();
  for (const name of names) {
    const text = unlessMissing(() => readFileSync(join(folder, name), 'utf8'));
    if (text === undefined) return undefined;
    changed(known, changeIn(text));
  }
  return known;
}

function changed(known: Map<string, KeptMigration>, { kept, gone }: Change): Map<string, KeptMigration> {
  for (const it of gone) known.delete(it);
  for (const it of kept) known.set(it.version, it);
  return known;
}

const namesIn = (folder: string): readonly string[] =>
  (unlessMissing(() => readdirSync(folder)) ?? []).filter((name) => /^\d{17}-\w+\.json$/.test(name)).toSorted();

/** One that was damaged says nothing. */
function changeIn(text: string): Change {
  const value = jsonIn(text);
  return isChange(value) ? value : nothing;
}

const nothing: Change = { kept: [], gone: [] };

const isChange = (value: unknown): value is Change =>
  typeof value === 'object' &&
  value !== null &&
  'kept' in value &&
  Array.isArray(value.kept) &&
  'gone' in value &&
  Array.isArray(value.gone);
