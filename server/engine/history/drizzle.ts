/**
 * drizzle's history: a row for each migration, with the time of its journal (before 1.0) or its name.
 *
 * Facts from drizzle-team/drizzle-orm v0.45: drizzle-orm/src/pg-core/dialect.ts; v1.0.0-rc.5:
 * drizzle-orm/src/pg-core/async/session.ts, drizzle-orm/src/up-migrations/pg.ts. drizzle takes no lock, and nothing in its
 * table keeps a migration from being recorded twice. The lock taken here keeps two of us apart; drizzle itself, which
 * asks the table first, waits for the one on the table.
 */
import { sha256 } from '../base/digest';
import { Fault } from '../base/fault';
import type { Session } from '../database/session';
import { configFor } from '../layouts/drizzleConfig';
import { journalFile } from '../layouts/drizzleJournal';
import type { ToolSettings } from '../layouts/layout';
import { withAdvisoryLocks } from './advisoryLock';
import { type DrizzleOptions, matched, millisOf, upgrade } from './drizzleUpgrade';
import type { History, HistoryState, HistoryStep } from './history';
import { ownLockId } from './ownLock';
import { hasTable, labelOf, makeSchema, quoted, type Shape, type TableName } from './table';

export function drizzleOptions(settings: ToolSettings): DrizzleOptions {
  const { table: name = '__drizzle_migrations', schema = 'drizzle' } = configFor(settings) ?? {};
  const { read, list } = settings;
  return { table: { schema, name }, read, list };
}

export function drizzleHistory(options: DrizzleOptions): History {
  const { table } = options;
  return {
    layout: 'drizzle',
    read: (session) => read(session, options),
    ofNothing: () => stateOf(options, undefined),
    withLock: (session, waitMs, use) =>
      withAdvisoryLocks(session, [ownLockId('drizzle', labelOf(table))], waitMs, async () => {
        await prepare(session, options);
        return use();
      }),
    before: (session, step) => keepOthersOut(session, step, options),
    async after(session, { migration: { version }, upText }) {
      await session.rows(
        isOfJournal(options)
          ? `insert into ${quoted(table)} ("hash", "created_at") values ($1, $2)`
          : `insert into ${quoted(table)} ("hash", "created_at", "name") values ($1, $2, $3)`,
        isOfJournal(options) ? [sha256(upText), version] : [sha256(upText), String(millisOf(version)), version],
      );
    },
  };
}

const isOfJournal = ({ read }: DrizzleOptions): boolean => read(journalFile) !== undefined;

const shape: Shape = {
  tool: 'drizzle',
  columns: { id: 'integer', hash: 'text', created_at: 'bigint' },
  elsewhere: 'Name another table with migrations.table in drizzle.config.ts.',
};

async function prepare(session: Session, options: DrizzleOptions): Promise<void> {
  const { table } = options;
  await makeSchema(session, table.schema);
  const isThere = await hasTable(session, table, shape);
  if (isThere && !isOfJournal(options)) await upgrade(session, options);
  if (isThere) return;
  const more = isOfJournal(options) ? '' : ', name text, applied_at timestamp with time zone default now()';
  await session.rows(
    `create table if not exists ${quoted(table)} (id serial primary key, hash text not null, created_at bigint${more})`,
  );
}

/**
 * A drizzle that is under way holds the table until it commits, and one that comes waits at its first question.
 *
 * @throws {Fault} `history-moved` when it has run this migration meanwhile
 */
async function keepOthersOut(session: Session, { migration }: HistoryStep, options: DrizzleOptions): Promise<void> {
  if (session.transaction !== 'open') return;
  await session.rows(`lock table ${quoted(options.table)} in access exclusive mode`);
  const state = await read(session, options);
  if (state.applied(migration) !== 'applied') return;
  const detail = `drizzle has applied ${migration.version} meanwhile. Nothing was applied here.`;
  throw new Fault('history-moved', detail);
}

interface Row {
  readonly id: number;
  readonly hash: string;
  readonly created: string | null;
  readonly name: string | null;
  /** Whether the table has a column for names. */
  readonly named: boolean;
}

async function read(session: Session, options: DrizzleOptions): Promise<HistoryState> {
  const { table } = options;
  if (!(await hasTable(session, table, shape))) return stateOf(options, undefined);
  const rows = await session.rows<Row>(
    `select id, hash, created_at::text as created, pg_catalog.to_jsonb(m) ->> 'name' as name,
        pg_catalog.jsonb_exists(pg_catalog.to_jsonb(m), 'name') as named
      from ${quoted(table)} m order by id`,
  );
  return stateOf(options, rows);
}

function stateOf(options: DrizzleOptions, rows: readonly Row[] | undefined): HistoryState {
  const found = rows ?? [];
  const facts = { table: labelOf(options.table), exists: rows !== undefined, needsFiles: 'none' as const };
  return isOfJournal(options) ? { ...facts, ...byTime(found) } : { ...facts, ...byName(options, found) };
}

type Found = Omit<HistoryState, 'table' | 'exists' | 'needsFiles'>;

/** Only what is later than the latest one is run. */
function byTime(rows: readonly Row[]): Found {
  const hashes = groupsOf(rows.map(({ created, hash }) => [created ?? '0', hash]));
  // A row without a time comes first in the tool's order, and counts as the beginning of time.
  const isTimeless = rows.some(({ created }) => created === null);
  const latest = isTimeless ? 0 : Math.max(0, ...rows.map(({ created }) => Number(created)));
  return {
    applied: ({ version }) => (hashes.has(version) ? 'applied' : Number(version) > latest ? 'pending' : 'skipped'),
    edited: { has: ({ version }, upText) => isEdited(hashes.get(version), upText) },
    versions: [...hashes.keys()],
    skipsOlder: true,
  };
}

/** Before the table has names, as they will be given. */
function byName(options: DrizzleOptions, rows: readonly Row[]): Found {
  const isOld = rows.some(({ named }) => !named);
  const { names, unknown } = isOld ? matched(rows, options) : { names: new Map<number, string>(), unknown: [] };
  const named = rows.map((row) => [isOld ? (names.get(row.id) ?? row.created) : row.name, row.hash] as const);
  const hashes = groupsOf(named.flatMap(([name, hash]) => (name === null ? [] : [[name, hash]])));
  return {
    applied: ({ version }) => (hashes.has(version) ? 'applied' : 'pending'),
    edited: { has: ({ version }, upText) => isEdited(hashes.get(version), upText) },
    versions: [...hashes.keys()],
    ...(unknown.length === 0 ? {} : { blocked: unmatched(options.table, unknown) }),
    skipsOlder: false,
  };
}

const unmatched = (table: TableName, ids: readonly number[]): string =>
  `drizzle refuses to go on: of the rows that an earlier version has left in ${labelOf(table)}, those with id ${ids.join(', ')} match no migration here. Restore their files.`;

/** Other line ends are no other text to people, though drizzle's digest is another one. */
function isEdited(hashes: readonly string[] | undefined, text: string): boolean {
  if (hashes === undefined) return false;
  const unix = text.replaceAll('\r\n', '\n');
  return ![text, unix, unix.replaceAll('\n', '\r\n')].some((it) => hashes.includes(sha256(it)));
}

function groupsOf(pairs: readonly (readonly [string, string])[]): ReadonlyMap<string, readonly string[]> {
  const groups = new Map<string, string[]>();
  for (const [key, value] of pairs) groups.set(key, [...(groups.get(key) ?? []), value]);
  return groups;
}
