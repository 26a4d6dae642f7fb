/**
 * What is remembered of the migrations that were applied to a database. It stays with that database, whatever it is
 * called: a switch of branches or a restore gives the name of the target to another one, to which other texts may have
 * been applied. A copy inherits it.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sha256 } from '../base/digest';
import { removeDurably, unlessMissing, writeDurably } from '../base/durable';
import { type AppliedTexts, appliedTexts, textsPath } from './appliedTexts';
import { takeOver } from './formerMemory';
import { keptFolder, type KeptMigrations, keptMigrations } from './keptMigrations';

export interface AppliedMemory {
  /** Of the migrations of one folder. */
  readonly texts: AppliedTexts;
  /** Of one history table, from whatever folder. */
  readonly kept: KeptMigrations;
  /** All that is remembered of the database, of other folders and tables as well. @throws what the file system refuses */
  heritage(): Heritage;
  /**
   * Remembers this, and nothing else.
   *
   * @throws {Fault} `disk-full`, `not-writable`
   */
  inherit(heritage: Heritage): void;
}

/** Texts of files, by path below the folder for what is remembered of one database. Plain JSON. */
export type Heritage = Readonly<Record<string, string>>;

export interface Remembered {
  /** Another one for every database, and the same whatever it is called. */
  readonly databaseId: string;
  /** The same for whatever database is called that. */
  readonly targetId: string;
  readonly folder: string;
  /** Of the history. */
  readonly table: string;
}

/** @param storage absolute path of our own folder */
export function appliedMemory(
  storage: string,
  { databaseId, folder, table }: Pick<Remembered, 'databaseId' | 'folder' | 'table'>,
  now: () => Date,
): AppliedMemory {
  const home = homeOf(storage, databaseId);
  return {
    texts: appliedTexts(home, folder),
    kept: keptMigrations(home, table, now),
    heritage: () => Object.fromEntries(filesIn(home)),
    inherit(heritage) {
      writeDurably(inheritedMark(home), '');
      const former = filesIn(home);
      for (const [path, text] of Object.entries(heritage))
        if (former.get(path) !== text) writeDurably(join(home, path), text);
      for (const path of former.keys()) if (heritage[path] === undefined) removeDurably(join(home, path));
    },
  };
}

/**
 * To be called before what is remembered is read: takes over what former versions have remembered of the target, unless
 * what is known of the database comes from another one.
 *
 * @throws {Fault} `disk-full`, `not-writable`
 */
export function upgradeMemory(storage: string, { databaseId, targetId, folder, table }: Remembered): void {
  const home = homeOf(storage, databaseId);
  if (existsSync(inheritedMark(home))) return;
  takeOver(storage, { targetId, folder, table }, { texts: textsPath(home, folder), kept: keptFolder(home, table) });
}

const homeOf = (storage: string, databaseId: string): string =>
  join(storage, 'applied', sha256(databaseId).slice(0, 24));

const inheritedMark = (home: string): string => join(home, 'inherited');

/** What another process has just put together with others is not there any more. */
function filesIn(home: string): ReadonlyMap<string, string> {
  const names = unlessMissing(() => readdirSync(home, { recursive: true, encoding: 'utf8' })) ?? [];
  const paths = names.filter((it) => it.endsWith('.json'));
  const texts = paths.map((it) => [it, unlessMissing(() => readFileSync(join(home, it), 'utf8'))] as const);
  return new Map(texts.flatMap(([path, text]) => (text === undefined ? [] : [[path, text]])));
}
