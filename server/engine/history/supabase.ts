/**
 * The Supabase CLI's history: a row for each version, with the statements as they were sent.
 *
 * Facts from supabase/cli: apps/cli-go/pkg/migration/history.go, apply.go, file.go. The CLI takes no lock; the one taken
 * here keeps two of us apart, and against the CLI the primary key is the last guard.
 */
import type { Session } from '../database/session';
import { statementsOfSupabase } from '../layouts/supabaseStatements';
import { withAdvisoryLocks } from './advisoryLock';
import type { History, HistoryState } from './history';
import { ownLockId } from './ownLock';
import { supabaseRepairs } from './supabaseRepairs';
import { hasTable, inTransaction, labelOf, quoted, type Shape, type TableName } from './table';

export function supabaseHistory(): History {
  return {
    layout: 'supabase',
    read,
    ofNothing: () => stateOf(undefined),
    withLock: (session, waitMs, use) =>
      withAdvisoryLocks(session, [ownLockId('supabase', labelOf(table))], waitMs, async () => {
        await prepareTable(session);
        return use();
      }),
    recorded: () => Promise.resolve(`select version from ${quoted(table)}`),
    // A migration may have moved search_path, as dumps do.
    before: async (session) => void (await session.rows('reset all')),
    async after(session, { migration: { version, title }, upText }) {
      await session.rows(`insert into ${quoted(table)} (version, name, statements) values ($1, $2, $3::text[])`, [
        version,
        title,
        statementsOfSupabase(upText),
      ]);
    },
  };
}

const table: TableName = { schema: 'supabase_migrations', name: 'schema_migrations' };

/** Early ones had the version alone. */
const shape: Shape = {
  tool: 'the Supabase CLI',
  columns: { version: 'text' },
  isOwnSchema: true,
  elsewhere: 'Rename that table: the Supabase CLI keeps its history under this name.',
};

async function prepareTable(session: Session): Promise<void> {
  const isThere = await hasTable(session, table, shape);
  if (isThere && (await columnsMissing(session)).length === 0) return;
  await inTransaction(session, async () => {
    await session.rows('create schema if not exists supabase_migrations');
    await session.rows(`create table if not exists ${quoted(table)} (version text not null primary key)`);
    await session.rows(`alter table ${quoted(table)} add column if not exists statements text[]`);
    await session.rows(`alter table ${quoted(table)} add column if not exists name text`);
  });
}

async function columnsMissing(session: Session): Promise<readonly string[]> {
  const rows = await session.rows<{ name: string }>(
    `select attname::text as name from pg_catalog.pg_attribute
      where attrelid = pg_catalog.to_regclass($1::text) and attnum > 0 and not attisdropped`,
    [quoted(table)],
  );
  const there = new Set(rows.map(({ name }) => name));
  return ['statements', 'name'].filter((name) => !there.has(name));
}

interface Row {
  readonly version: string;
  readonly statements: readonly string[] | null;
}

async function read(session: Session): Promise<HistoryState> {
  if (!(await hasTable(session, table, shape))) return stateOf(undefined);
  const missing = await columnsMissing(session);
  const statements = missing.includes('statements') ? 'null::text[] as statements' : 'statements';
  return stateOf(
    await session.rows<Row>(
      `select version, ${statements} from ${quoted(table)} where version is not null order by version`,
    ),
  );
}

/** @param rows as the server orders versions; undefined without a table */
function stateOf(rows: readonly Row[] | undefined): HistoryState {
  const known = new Map(rows?.map((row) => [row.version, row]));
  const versions = [...known.keys()];
  const last = versions.reduce((one, other) => (one > other ? one : other), '');
  const state: HistoryState = {
    table: labelOf(table),
    exists: rows !== undefined,
    applied: ({ version }) => (known.has(version) ? 'applied' : 'pending'),
    edited: {
      has({ version }, upText) {
        const statements = known.get(version)?.statements;
        if (!statements) return false;
        const now = statementsOfSupabase(upText);
        return now.length !== statements.length || now.some((it, at) => it !== statements[at]);
      },
    },
    versions,
    skipsOlder: false,
    refuses: ({ version }) =>
      known.has(version) || version > last
        ? undefined
        : `The Supabase CLI refuses to go on: ${version} is not applied, and ${last} is. Give it a higher version, or run supabase db push --include-all.`,
    needsFiles: 'all',
  };
  return rows ? { ...state, repairs: (files) => supabaseRepairs(table, state, files) } : state;
}
