/**
 * The files of migrations as they were applied, kept in our own folder: after a checkout of another branch they are all
 * that is known of what the database has and the folder lacks.
 *
 * By database and history table, so that several windows and work trees on one database share them. Each write is a file
 * of its own with what is new. Of each version what is newest counts, whichever file tells it, that it has gone as well:
 * so they may be read in any order, also more than once, and a file with all that others tell may be put in their place
 * at any time. Writers need no lock, and a crash leaves what was there before.
 */
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { sha256 } from '../base/digest';
import { guarded, unlessMissing, writeDurably } from '../base/durable';
import { type Change, changeIn, type KeptMigration } from './keptChange';

export interface KeptMigrations {
  /** By version; also what other processes have kept until now. @throws what the file system refuses */
  all(): ReadonlyMap<string, KeptMigration>;
  /**
   * Keeps these in the place of what was kept of the same versions, and nothing of those that are not applied any more.
   *
   * @throws {Fault} `disk-full`, `not-writable`
   */
  put(migrations: readonly Omit<KeptMigration, 'kept'>[], gone: readonly string[]): void;
}

/** When there are more files than that, they become one. */
const mostFiles = 40;

/** Where the files of one history table are, in the home of what is remembered of its database. */
export const keptFolder = (home: string, table: string): string => join(home, 'kept', sha256(table).slice(0, 24));

/**
 * @param home as for appliedTexts
 * @param table of the history
 */
export function keptMigrations(home: string, table: string, now: () => Date): KeptMigrations {
  const folder = keptFolder(home, table);
  let read: readonly string[] = [];
  let told: Change = { kept: [], gone: [] };
  let known: ReadonlyMap<string, KeptMigration> = new Map();

  const know = (names: readonly string[], change: Change): void => {
    [read, told, known] = [names, change, new Map(change.kept.map((it) => [it.version, it]))];
  };
  /** Looked for again where another process has put some together meanwhile: what they told is in another one now. */
  const all = (): ReadonlyMap<string, KeptMigration> => {
    for (let names = namesIn(folder); names.join() !== read.join(); names = namesIn(folder)) {
      const changes = changesIn(folder, names);
      if (changes) know(names, together(changes));
    }
    return known;
  };
  const write = (change: Change): string => {
    const name = `${stampOf(newestIn(change))}-${randomBytes(4).toString('hex')}.json`;
    writeDurably(join(folder, name), JSON.stringify(change));
    return name;
  };
  return {
    all,
    put(migrations, gone) {
      const before = all();
      const forgotten = gone.filter((it) => before.has(it));
      if (migrations.length === 0 && forgotten.length === 0) return;
      const at = behind(newestIn(told), now());
      const change = {
        kept: migrations.map((it) => ({ ...it, kept: at })),
        gone: forgotten.map((version) => ({ version, at })),
      };
      const name = write(change);
      // What was just written need not be read.
      know([...read, name].toSorted(), together([told, change]));
      all();
      const names = read;
      if (names.length <= mostFiles) return;
      write(told);
      for (const it of names) guarded(folder, () => rmSync(join(folder, it), { force: true }));
    },
  };
}

/**
 * Of each version the newest. Of two that were told at one instant, by writers that did not know of each other, it is the
 * same one in whatever order they are read.
 */
function together(changes: readonly Change[]): Change {
  const kept = new Map<string, KeptMigration>();
  const gone = new Map<string, string>();
  for (const change of changes) {
    for (const it of change.kept) {
      const other = kept.get(it.version);
      if (other === undefined || isNewer(it, other)) kept.set(it.version, it);
    }
    for (const { version, at } of change.gone) if (at > (gone.get(version) ?? '')) gone.set(version, at);
  }
  for (const [version, at] of gone) if ((kept.get(version)?.kept ?? '') < at) kept.delete(version);
  return {
    kept: [...kept.values()],
    gone: [...gone].flatMap(([version, at]) => (kept.has(version) ? [] : [{ version, at }])),
  };
}

const isNewer = (one: KeptMigration, other: KeptMigration): boolean =>
  one.kept === other.kept ? JSON.stringify(one) > JSON.stringify(other) : one.kept > other.kept;

/** Empty where nothing is told. */
function newestIn({ kept, gone }: Change): string {
  let newest = '';
  for (const it of kept) if (it.kept > newest) newest = it.kept;
  for (const { at } of gone) if (at > newest) newest = at;
  return newest;
}

/** The time now, or one that is later than the newest. */
function behind(newest: string, now: Date): string {
  const at = now.toISOString();
  return newest < at ? at : new Date(Date.parse(newest) + 1).toISOString();
}

const stampOf = (at: string): string => at.replaceAll(/\D/g, '');

/** @returns undefined when one of them is not there any more */
function changesIn(folder: string, names: readonly string[]): readonly Change[] | undefined {
  const changes: Change[] = [];
  for (const name of names) {
    const text = unlessMissing(() => readFileSync(join(folder, name), 'utf8'));
    if (text === undefined) return undefined;
    changes.push(changeIn(text, name));
  }
  return changes;
}

const namesIn = (folder: string): readonly string[] =>
  (unlessMissing(() => readdirSync(folder)) ?? []).filter((name) => /^\d{17}-\w+\.json$/.test(name)).toSorted();
