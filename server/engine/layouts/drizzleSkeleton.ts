/**
 * A new migration as `drizzle-kit generate --custom` makes it, with its snapshot, so that drizzle-kit goes on from there.
 *
 * Facts from drizzle-team/drizzle-orm: drizzle-kit v0.31 src/migrationPreparator.ts, src/utils/words.ts and
 * src/cli/commands/migrate.ts; v1.0.0-rc.5 by what it writes.
 */
import { randomUUID } from 'node:crypto';
import { jsonIn } from '../base/json';
import { type Journal, type JournalEntry, journalFile, readJournal } from './drizzleJournal';
import type { FolderContents, MigrationName, Skeleton } from './layout';
import { nextNumber, slugOf, timestamp } from './numbers';

const text = '-- Custom SQL migration file, put your code below! --\n';

const json = (value: unknown): string => JSON.stringify(value, null, 2);

/** Before 1.0. */
export function journalSkeleton(title: string, now: Date, folder: FolderContents | undefined): Skeleton {
  const known = folder?.read(journalFile);
  const journal = known === undefined ? newJournal : readJournal(known);
  // One that cannot be read is left as it is: the file is made, and its problem says what to do.
  const { entries, version = '7' } = typeof journal === 'string' ? newJournal : journal;
  const last = entries.at(-1);
  const idx = last?.idx === undefined ? entries.length : last.idx + 1;
  const prefix = prefixOf(last, idx, now);
  const tag = `${prefix}_${slugOf(title)}`;
  const before = folder && lastSnapshot(folder);
  const snapshot = snapshotAfter(before);
  const when = Math.max(now.getTime(), ...entries.map((it) => it.when + 1));
  const entry = { idx, version: snapshot?.version ?? version, when, tag, breakpoints: true };
  const list = json({ ...(typeof journal === 'string' ? newJournal : journal), entries: [...entries, entry] });
  const listed = typeof journal === 'string' ? [] : [{ name: journalFile, text: list }];
  return {
    files: [
      { name: `${tag}.sql`, text },
      ...(snapshot ? [{ name: `meta/${prefix}_snapshot.json`, text: json(snapshot) }] : []),
      ...(known === undefined ? listed : []),
    ],
    cursor: text.length,
    ...(known === undefined ? {} : { lists: listed }),
  };
}

/** Since 1.0. */
export function folderSkeleton(
  title: string,
  existing: readonly MigrationName[],
  now: Date,
  folder: FolderContents,
): Skeleton {
  const name = `${nextNumber(existing, now, timestamp(now))}_${slugOf(title)}`;
  const snapshot = folderSnapshotAfter(existing, folder);
  return {
    files: [
      { name: `${name}/migration.sql`, text },
      ...(snapshot ? [{ name: `${name}/snapshot.json`, text: json(snapshot) }] : []),
    ],
    cursor: text.length,
  };
}

const newJournal: Journal = { version: '7', dialect: 'postgresql', entries: [] };

/** As the last one: a number, UTC, or Unix seconds (`migrations.prefix` of the configuration). */
function prefixOf(last: JournalEntry | undefined, idx: number, now: Date): string {
  const digits = /^\d+/.exec(last?.tag ?? '')?.[0] ?? '';
  if (digits.length === 14) return timestamp(now);
  if (digits.length === 10) return String(Math.floor(now.getTime() / 1000));
  return String(idx).padStart(4, '0');
}

interface Snapshot {
  readonly id: string;
  readonly version?: string;
  readonly [key: string]: unknown;
}

const nobody = '00000000-0000-0000-0000-000000000000';

/** The last by name. */
const lastSnapshot = ({ list, read }: FolderContents): string | undefined => {
  const name = list('meta')
    .filter((it) => !it.startsWith('_') && it.endsWith('.json'))
    .toSorted()
    .at(-1);
  return name === undefined ? undefined : read(`meta/${name}`);
};

/** The same schema. @returns undefined when the last one cannot be read */
function snapshotAfter(before: string | undefined): Snapshot | undefined {
  if (before === undefined) return emptySnapshot();
  const last = parsed(before);
  if (!last) return undefined;
  const { id, prevId: _, ...schema } = last;
  return { id: randomUUID(), prevId: id, ...schema };
}

const emptySnapshot = (): Snapshot => ({
  id: randomUUID(),
  prevId: nobody,
  version: '7',
  dialect: 'postgresql',
  tables: {},
  enums: {},
  schemas: {},
  views: {},
  sequences: {},
  roles: {},
  policies: {},
  _meta: { columns: {}, schemas: {}, tables: {} },
});

/** Upon all that nothing stands upon yet. @returns undefined when one cannot be read */
function folderSnapshotAfter(existing: readonly MigrationName[], { read }: FolderContents): Snapshot | undefined {
  const texts = existing.map(({ version }) => read(`${version}/snapshot.json`)).filter((it) => it !== undefined);
  const all = texts.map(parsed);
  const known = all.filter((it) => it !== undefined);
  if (known.length < all.length) return undefined;
  const parents = new Set(known.flatMap(({ prevIds }) => (Array.isArray(prevIds) ? (prevIds as unknown[]) : [])));
  const leaves = known.filter(({ id }) => !parents.has(id));
  const last = leaves.at(-1);
  const own = { id: randomUUID(), prevIds: leaves.length === 0 ? [nobody] : leaves.map(({ id }) => id) };
  const head = { version: last?.version ?? '9', dialect: 'postgres', ...own };
  if (!last) return { type: 'base', ...head, footprints: [], ddl: [] };
  // Up to 8 each held the whole schema; since then it is the difference.
  if (last['type'] === undefined) return { ...last, ...own, renames: [] };
  return { type: 'diff', ...head, footprints: [], deltas: [] };
}

function parsed(snapshot: string): Snapshot | undefined {
  const value = jsonIn(snapshot);
  const isSnapshot = typeof value === 'object' && value !== null && 'id' in value && typeof value.id === 'string';
  return isSnapshot ? (value as Snapshot) : undefined;
}
