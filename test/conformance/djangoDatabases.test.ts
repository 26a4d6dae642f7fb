/** The real Django on other databases than the one of `default`: those of other aliases, and a copy of the target. */
import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict';
import type { ApplyResult, Project, TrialRequest } from '../../server/engine/project';
import { lossInWords } from '../../server/engine/verification';
import { never, on, projectOf, withWorkspace } from '../engine/support';
import { withClient } from '../support/client';
import { debianPython, djangoFiles, furtherMigration, manage, severalDatabases, withDjango } from '../support/django';
import { isFault } from '../support/faults';
import { binariesOf, servers, withDatabase } from '../support/servers';

const major = servers.oldest;
const environment = { REHEARSAL_PYTHON: debianPython };
const binaries = [binariesOf(major)];
const [first, second, third] = ['shop.0001_initial', 'shop.0002_prices', 'stock.0001_initial'];

const applyAll = (project: Project): Promise<ApplyResult> =>
  project.apply({ which: 'all', disconnect: false, snapshot: false }, () => {}, never);

const isOwn = (version: string): boolean => /^(?:shop|stock)\./.test(version);

const statesOf = async (project: Project): Promise<readonly string[]> =>
  (await project.status()).migrations
    .filter(({ version }) => isOwn(version))
    .map(({ version, state }) => `${version} ${state}`);

const namesIn = (url: string, sql: string): Promise<readonly unknown[]> =>
  withClient(url, async (query) => (await query(sql)).map(({ name }) => name));

const tables = `select relname::text as name from pg_class where relname ~ '^(shop|stock)_[a-z]+$' and relkind = 'r' order by 1`;

describe('the databases of a project of Django', () => {
  before(withDjango);

  it('are told of, and the one that was chosen is migrated', () =>
    withDatabase(major, (url) =>
      withDatabase(major, async (other) => {
        const shelves = `        migrations.CreateModel('Shelf', [('id', models.BigAutoField(primary_key=True))]),`;
        const files = {
          ...djangoFiles(url),
          'site_settings/settings.py': severalDatabases(url, other),
          'stock/migrations/0001_initial.py': furtherMigration(shelves),
        };
        await withWorkspace(
          files,
          async ({ engine, root }) => {
            const project = await projectOf(engine({ binaries }));
            equal(
              project.target.because,
              'DATABASES["default"] in site_settings.settings, which has "stores" as well; its routers keep stock out of it',
            );
            deepEqual(await statesOf(project), [`${first} pending`, `${second} pending`]);
            const chosen = project.candidates().find(({ source }) => source.startsWith('DATABASES["stores"]'))?.choice;
            equal((await applyAll(project)).kind, 'done');
            const stores = await projectOf(engine({ binaries, target: () => chosen }));
            match(stores.target.because, /^it was chosen: DATABASES\["stores"\] in /);
            // What the routers keep out is recorded there all the same, since the shelves depend on it.
            deepEqual(await statesOf(stores), [`${first} pending`, `${second} pending`, `${third} pending`]);
            equal((await applyAll(stores)).kind, 'done');
            match((await manage(root, 'migrate', 'stock', '--database=stores')).output, /No migrations to apply/);
            deepEqual(await namesIn(url, tables), ['shop_order', 'shop_product']);
            deepEqual(await namesIn(other, tables), ['stock_shelf']);
          },
          environment,
        );
      }),
    ));

  it('include a copy on which Django tries its migrations out, code and all, while the target is only read', () =>
    withDatabase(major, (url) =>
      withWorkspace(
        {
          ...djangoFiles(url),
          // With models of its own an app gets content types and permissions, which no migration takes back.
          'stock/models.py': '',
          'shop/migrations/0003_more.py': furtherMigration(
            `        migrations.RunSQL('create index more on shop_product (stock)', 'drop index more'),
        migrations.AlterField('order', 'id', models.AutoField(primary_key=True)),`,
          ),
        },
        async ({ engine, root }) => {
          for (const to of [['auth'], ['shop', '0001']]) equal((await manage(root, 'migrate', ...to)).code, 0);
          const project = await projectOf(engine({ binaries }));
          const wish: TrialRequest = { which: 'all', from: 'auto', afterwards: 'drop', disconnect: false };
          const result = await project.trial(wish, () => {}, never);
          if (result.kind !== 'tried') throw new Error(JSON.stringify(result));
          const { passes, changes, roundTrip } = result.report;
          deepEqual(
            passes.map(({ pass, migrations }) => [pass, ...migrations.map(({ version }) => version).filter(isOwn)]),
            [
              ['up', second, 'shop.0003_more', third],
              ['down', third, 'shop.0003_more', second],
              ['upAgain', second, 'shop.0003_more', third],
            ],
          );
          const [prices, more] = passes[0]?.migrations.filter(({ version }) => isOwn(version)) ?? [];
          ok(
            prices?.byTool &&
              prices.statements.some(({ sql, rows }) => sql.startsWith('INSERT INTO "shop_product"') && rows === 1),
          );
          deepEqual(more?.statements.find(({ sql }) => sql.startsWith('create index'))?.locks, [
            { mode: 'SHARE', object: 'shop_product' },
          ]);
          ok(changes.some(({ name }) => /stock_shelf/.test(name)));
          if (roundTrip.kind !== 'tried' || roundTrip.verdict.kind !== 'different') throw new Error(roundTrip.kind);
          deepEqual(roundTrip.verdict.losses.map(lossInWords), ['public.shop_product: 1 row more than before']);
          deepEqual(await namesIn(url, tables), ['shop_order', 'shop_product']);
          deepEqual(await statesOf(project), [
            `${first} applied`,
            ...[second, 'shop.0003_more', third].map((it) => `${it} pending`),
          ]);
        },
        environment,
      ),
    ));

  it('are left alone where none of them is the target', () =>
    withDatabase(major, (url) =>
      withDatabase(major, (other) =>
        withWorkspace(
          djangoFiles(url),
          async ({ engine }) => {
            const project = await projectOf(engine({ binaries, target: on(other) }));
            const wish: TrialRequest = { which: 'all', from: 'auto', afterwards: 'drop', disconnect: false };
            await rejects(
              project.trial(wish, () => {}, never),
              isFault('no-trial', /could not be led to the copy/),
            );
            deepEqual(await namesIn(url, tables), []);
          },
          environment,
        ),
      ),
    ));
});
