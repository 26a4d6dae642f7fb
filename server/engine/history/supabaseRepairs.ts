/**
 * `supabase migration repair`: versions that are recorded as applied, or not any more.
 *
 * Facts from supabase/cli: apps/cli-go/internal/migration/repair/repair.go, pkg/migration/history.go.
 */
import { listed } from '../base/words';
import { quoteLiteral } from '../database/quote';
import type { Migration } from '../layouts/migration';
import { statementsOfSupabase } from '../layouts/supabaseStatements';
import { type HistoryState, type Repair, type FolderFiles, versionsNeeded } from './history';
import { quoted, type TableName } from './table';

/** What the CLI stops at, and what it does not notice: that a file is not what was applied. */
export function supabaseRepairs(table: TableName, state: HistoryState, files: FolderFiles): readonly Repair[] {
  const here = new Set(files.migrations.map(({ version }) => version));
  const missing = versionsNeeded(state, (it) => here.has(it));
  const known = files.migrations.flatMap((migration) => {
    const upText = files.upTextOf(migration);
    return upText === undefined ? [] : [{ migration, upText }];
  });
  return [
    ...(missing.length === 0 ? [] : [reverted(table, missing)]),
    ...known.flatMap(({ migration, upText }) => {
      if (state.refuses?.(migration) !== undefined) return [applied(table, migration, upText)];
      return state.edited?.has(migration, upText) ? [asItIs(applied(table, migration, upText), migration)] : [];
    }),
  ];
}

const reverted = (table: TableName, versions: readonly string[]): Repair => ({
  title: `Record ${listed(versions)} as not applied`,
  when: `What ${listed(versions)} did is taken back, or some other migration does it.`,
  command: `supabase migration repair --status reverted ${versions.join(' ')}`,
  statements: [`delete from ${quoted(table)} where version in (${versions.map(quoteLiteral).join(', ')})`],
});

const applied = (table: TableName, { version, title }: Migration, upText: string): Repair => ({
  title: `Record ${version} as applied`,
  when: `All that ${version} does is there.`,
  command: `supabase migration repair --status applied ${version}`,
  statements: [
    `insert into ${quoted(table)} (version, name, statements) values (${quoteLiteral(version)}, ${quoteLiteral(title)}, ${array(statementsOfSupabase(upText))}) on conflict (version) do update set name = excluded.name, statements = excluded.statements`,
  ],
});

const asItIs = (repair: Repair, { version }: Migration): Repair => ({
  ...repair,
  title: `Record ${version} as it is now`,
  when: `What the file of ${version} does by now is what the database has.`,
});

const array = (texts: readonly string[]): string => `array[${texts.map(quoteLiteral).join(', ')}]::text[]`;
