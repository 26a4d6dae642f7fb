/** The real ActiveRecord agrees with what was told, applied and reverted here, and goes on from there. */
import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ApplyResult, Project } from '../../server/engine/project';
import { briefly, checked, never, projectOf, withWorkspace, type Workspace } from '../engine/support';
import { withClient } from '../support/client';
import { isFault } from '../support/faults';
import { migration, railsFiles, rubyVariables, runRake } from '../support/rails';
import { binariesOf, type Major, servers, withDatabase } from '../support/servers';

const shop: Readonly<Record<string, string>> = {
  'db/migrate/20240101000000_create_shops.rb': migration(
    'CreateShops',
    'def change',
    '  create_table :shops do |t|',
    '    t.string :name, null: false, limit: 50',
    '    t.decimal :rating, precision: 4, scale: 2, default: 0',
    '    t.timestamps',
    '  end',
    '  create_table :items, id: :uuid, default: nil do |t|',
    '    t.references :shop, null: false, foreign_key: true',
    `    t.string :label, default: "it's"`,
    '    t.integer :price, index: true',
    '    t.jsonb :data, default: {}',
    '    t.bigint :stock',
    '  end',
    '  add_index :items, [:shop_id, :label], unique: true, order: { label: :desc }',
    '  up_only { add_index :shops, "lower(name)", name: "shops_by_name", where: "rating > 0" }',
    '  reversible do |dir|',
    '    dir.up { execute "alter table items add constraint price_positive check (price > 0)" }',
    '    dir.down { execute "alter table items drop constraint price_positive" }',
    '  end',
    'end',
  ),
  'db/migrate/20240102000000_rename_shops.rb': migration(
    'RenameShops',
    'def change',
    '  rename_column :items, :label, :title',
    '  rename_table :shops, :stores',
    '  rename_index :items, "index_items_on_price", "items_price"',
    '  reversible do |dir|',
    `    dir.up { execute "create type mood as enum ('sad', 'happy')" }`,
    '    dir.down { execute "drop type mood" }',
    '  end',
    '  add_column :stores, :mood, :mood, default: "sad"',
    '  change_column_default :items, :price, from: nil, to: 5',
    '  change_column_null :items, :price, false, 1',
    '  up_only { execute "insert into stores (name, created_at, updated_at) values (\'first\', now(), now())" }',
    'end',
  ),
  'db/migrate/20240103000000_change_items.rb': migration(
    'ChangeItems',
    'class Item < ActiveRecord::Base; end',
    'def up',
    '  remove_reference :items, :shop, foreign_key: { to_table: :stores }',
    '  remove_index :items, column: :price',
    '  Item.where(price: 3).update_all(price: 4)',
    '  change_column :items, :title, :text',
    '  add_index :items, :title unless index_exists?(:items, :title)',
    '  add_column :items, :extra, :string unless column_exists?(:items, :price, :integer)',
    '  drop_table :stores if table_exists?(:shops)',
    'end',
    'def down',
    '  remove_index :items, :title',
    '  change_column :items, :title, :string',
    '  add_index :items, :price, name: "items_price"',
    '  add_reference :items, :shop, null: false, foreign_key: { to_table: :stores }',
    '  add_index :items, [:shop_id, :title], unique: true, order: { title: :desc }',
    'end',
  ),
  'db/migrate/20240104000000_concurrently.rb': migration(
    'Concurrently',
    'disable_ddl_transaction!',
    'def change',
    '  add_index :items, :stock, algorithm: :concurrently',
    '  change_table :items, bulk: true do |t|',
    '    t.string :colour',
    '    t.rename :title, :headline',
    '  end',
    '  add_foreign_key :items, :stores, column: :stock, validate: false',
    'end',
  ),
};

interface Place extends Workspace {
  readonly url: string;
  readonly project: () => Promise<Project>;
  readonly rake: (...words: readonly string[]) => ReturnType<typeof runRake>;
}

const withShop = <T>(
  major: Major,
  use: (place: Place) => Promise<T>,
  more: Readonly<Record<string, string>> = {},
  configured = '',
): Promise<T> =>
  withDatabase(major, (url) =>
    withWorkspace(
      { ...railsFiles(url, configured), ...shop, ...more },
      (workspace) => {
        const engine = workspace.engine({ binaries: [binariesOf(major)] });
        return use({
          ...workspace,
          url,
          project: () => projectOf(engine),
          rake: (...words) => runRake(workspace.root, ...words),
        });
      },
      rubyVariables(),
    ),
  );

const applied = (project: Project): Promise<ApplyResult> =>
  project.apply({ which: 'all', snapshot: false, disconnect: false }, () => {}, never);

const reverted = (project: Project, ...versions: readonly string[]): Promise<ApplyResult> =>
  project.revert({ versions, snapshot: false, disconnect: false }, () => {}, never);

const states = async (project: Project): Promise<string> =>
  (await project.status()).migrations.map(({ state }) => state).join(' ');

/** As `db:migrate:status` lists them. */
const told = async ({ rake }: Place): Promise<string> =>
  [...(await rake('db:migrate:status')).output.matchAll(/^\s+(up|down)\s+\d+/gm)].map(([, mark]) => mark).join(' ');

const versions = Object.keys(shop).map((path) => /\d+/.exec(path)?.[0] ?? '');

const trial = { which: 'all', from: 'auto', afterwards: 'drop', disconnect: false } as const;

const failing = 'execute "alter table items add stock int"';

for (const major of Object.values(servers)) {
  describe(`beside ActiveRecord on PostgreSQL ${major}`, () => {
    it('records the same, applied and reverted, and goes on where the other has stopped', () =>
      withShop(major, async (place) => {
        const { project, rake, root } = place;
        equal((await applied(await project())).kind, 'done');
        equal(await told(place), 'up up up up');
        equal((await rake('db:abort_if_pending_migrations')).code, 0);
        match(readFileSync(join(root, 'db/schema.rb'), 'utf8'), /2024_01_04_000000/);
        equal((await rake('db:rollback', 'STEP=2')).code, 0);
        equal(await states(await project()), 'applied applied pending pending');
        equal((await reverted(await project(), versions[1] ?? '')).kind, 'done');
        equal(await told(place), 'up down down down');
        match(readFileSync(join(root, 'db/schema.rb'), 'utf8'), /2024_01_01_000000/);
        equal((await rake('db:migrate')).code, 0);
        equal(await states(await project()), 'applied applied applied applied');
      }));

    it('rehearses what ActiveRecord then does, forwards and backwards', () =>
      withShop(major, async ({ project, rake }) => {
        const first = await project();
        const { findings } = await checked(first);
        deepEqual(findings, []);
        const { before, after } = await first.preview('pending', never);
        equal((await rake('db:migrate')).code, 0);
        first.refresh();
        const now = await project();
        equal(schemaOf(await shownAt(now)), schemaOf(after));
        const back = await reverted(now, ...versions.toReversed());
        equal(back.kind, 'done', JSON.stringify({ ...back, text: '' }));
        now.refresh();
        equal(schemaOf((await (await project()).preview('pending', never)).before), schemaOf(before));
      }));

    it('tells of applied migrations as of those that are pending', () =>
      withShop(major, async ({ project, rake }) => {
        const pending = sqlOf(await project());
        for (const version of [versions[1], versions[2], versions[3]]) {
          equal((await rake('db:migrate', `VERSION=${version}`)).code, 0);
          (await project()).refresh();
          deepEqual(sqlOf(await project()), pending);
        }
      }));

    it('says what was refused at the line that sent it, and nothing of it stands', () =>
      withShop(
        major,
        async ({ project, rake }) => {
          const found = await project();
          const [finding, ...others] = (await checked(found)).findings;
          equal(others.length, 0);
          const refused = await applied(found);
          if (refused.kind !== 'refused' || !finding) throw new Error(refused.kind);
          deepEqual(
            [refused.migrations, refused.version, refused.finding.sqlState],
            [versions, '20240105000000', '42701'],
          );
          equal(refused.text.slice(refused.finding.range.start, refused.finding.range.end), failing);
          equal(refused.text.slice(finding.range.start, finding.range.end), failing);
          match(refused.state, /nothing of it stands/);
          equal((await rake('db:abort_if_pending_migrations')).code, 1);
        },
        {
          'db/migrate/20240105000000_fails.rb': migration(
            'Fails',
            'def up',
            '  drop_table :stores, force: :cascade',
            `  ${failing}`,
            'end',
          ),
        },
      ));

    it('refuses to migrate another database than the one that is shown', () =>
      withShop(major, (place) =>
        withDatabase(major, async (other) => {
          const engine = place.engine({ target: () => ({ kind: 'server', connection: other }) });
          await rejects(
            applied(await projectOf(engine)),
            isFault('other-database', /Rails is configured for the database/),
          );
          equal(await told(place), '');
        }),
      ));

    it('lets one of two at the same time migrate', () =>
      withShop(major, async (place) => {
        // Where Rails comes first, ours may meet it halfway.
        const ours = applied(await place.project()).then(
          ({ kind }) => kind,
          (error) => isFault('history-moved')(error) && 'moved',
        );
        const [kind, theirs] = await Promise.all([ours, place.rake('db:migrate')]);
        equal(kind === 'done' || theirs.code === 0, true, `${kind}: ${theirs.output}`);
        equal((await place.rake('db:migrate')).code, 0);
        equal(await told(place), 'up up up up');
      }));

    it('keeps its history where the project has it', () =>
      withShop(
        major,
        async (place) => {
          equal((await applied(await place.project())).kind, 'done');
          const project = await place.project();
          equal((await project.status()).historyTable, 'public.of_versions');
          equal(await states(project), 'applied applied applied applied');
          deepEqual(await withClient(place.url, (query) => query('select count(*)::int from of_versions')), [
            { count: 4 },
          ]);
        },
        {},
        "ActiveRecord::Base.schema_migrations_table_name = 'of_versions'",
      ));

    it('says of what Ruby does with rows that it is not rehearsed, and why a migration cannot be told', () =>
      withShop(
        major,
        async ({ project }) => {
          const { findings } = await checked(await project());
          const said = briefly({ findings }).map((it) => it.replace(/(?<=ActiveRecord) [\d.]+/, ''));
          deepEqual(said, [
            'irreversible It cannot be reverted: it says so itself.',
            'not-sql It reads rows: what its Ruby code does with them is not rehearsed.',
            "not-rehearsed ActiveRecord cannot tell its SQL: NoMethodError: undefined method `nope' for nil:NilClass. Later migrations are rehearsed without it.",
          ]);
        },
        {
          'db/migrate/20240105000000_rows.rb': migration(
            'Rows',
            'class Item < ActiveRecord::Base; end',
            'def up',
            '  Item.find_each { |it| it.update!(price: it.price + 1) }',
            '  add_column :items, :seen, :boolean',
            'end',
            'def down',
            '  raise ActiveRecord::IrreversibleMigration',
            'end',
          ),
          'db/migrate/20240106000000_broken.rb': migration('Broken', 'def change', '  nil.nope', 'end'),
        },
      ));
  });
}

/** What was told, by version. */
const sqlOf = ({ folder }: Project): readonly (readonly [string, string])[] =>
  [...(folder.asked ?? [])].map(([path, { sql }]) => [path, sql]);

const shownAt = async (project: Project): Promise<string> => (await project.preview('pending', never)).before;

/** Without the tables that ActiveRecord makes for itself. */
const schemaOf = (dump: string): string =>
  dump
    .split('\n\n')
    .filter((it) => !/schema_migrations|ar_internal_metadata|^\s*$/.test(it))
    .join('\n\n');

describe('a trial of migrations of ActiveRecord', () => {
  it('is run by ActiveRecord on a copy, and leaves target and db/schema.rb alone', () =>
    withShop(servers.oldest, async ({ project, url, root }) => {
      const result = await (await project()).trial(trial, () => {}, never);
      if (result.kind !== 'tried') throw new Error(JSON.stringify(result));
      const { passes, roundTrip } = result.report;
      deepEqual(
        passes.map(({ pass, migrations }) => [pass, ...migrations.map(({ version }) => version)]),
        [
          ['up', ...versions],
          ['down', ...versions.toReversed()],
          ['upAgain', ...versions],
        ],
      );
      equal(
        passes[0]?.migrations[0]?.statements.some(({ sql }) => sql.startsWith('CREATE TABLE "shops"')),
        true,
      );
      ok(roundTrip.kind === 'tried' && roundTrip.verdict.kind !== 'different', JSON.stringify(roundTrip));
      deepEqual(
        await withClient(url, (query) => query(`select from pg_class where relname = 'schema_migrations'`)),
        [],
      );
      equal(existsSync(join(root, 'db/schema.rb')), false);
    }));
});
