/**
 * Tools that come neither from npm nor with Debian agree with what was applied here, and we with them, where SQLX, DIESEL or ATLAS
 * name one.
 *
 * Tried so with the migrators of sqlx 0.8.3 and diesel_migrations 2.2.0 (Debian trixie), called as their command lines are,
 * and with Atlas 0.7.2 (built from Debian's source package).
 */
import { deepEqual, doesNotMatch, equal, match, rejects } from 'node:assert/strict';
import { sumOf } from '../../server/engine/layouts/atlasSum';
import { type Major, servers } from '../support/servers';
import { gated, withGate } from './gate';
import { type Ran, runIn, tablesOfSchema, type ToolProject, type ToolProjectOptions, withToolProject } from './project';

const { SQLX: sqlx, DIESEL: diesel, ATLAS: atlas } = process.env;

const each = (major: Major, options: ToolProjectOptions, use: (project: ToolProject) => Promise<void>): Promise<void> =>
  withToolProject(major, options, use);

/** Both begin with nothing. */
const beside = (
  major: Major,
  options: ToolProjectOptions,
  use: (ours: ToolProject, theirs: ToolProject) => Promise<void>,
): Promise<void> => each(major, options, (ours) => each(major, options, (theirs) => use(ours, theirs)));

const withoutTls = (url: string): string => `${url}?sslmode=disable`;

for (const major of Object.values(servers)) {
  (sqlx === undefined ? describe.skip : describe)(`beside sqlx on PostgreSQL ${major}`, () => {
    const run = ({ path, url }: ToolProject, ...words: readonly string[]): Promise<Ran> =>
      runIn(path, sqlx ?? '', ['migrate', ...words, '--source', `${path}/migrations`, '--database-url', url]);
    const options: ToolProjectOptions = {
      layout: 'sqlx',
      folder: 'migrations',
      files: {
        'Cargo.toml': '[dependencies]\nsqlx = "0.8"\n',
        'migrations/1_first_table.up.sql': 'create table a (id int); -- ü\r\n',
        'migrations/1_first_table.down.sql': 'drop table a;',
        'migrations/2_index.up.sql': '-- no-transaction\ncreate index concurrently i on a (id);\n',
        'migrations/2_index.down.sql': '-- no-transaction\ndrop index concurrently i;\n',
        'migrations/20240101000000_b-c.up.sql': 'create table b (id int);\ninsert into b values (1);\n',
        'migrations/20240101000000_b-c.down.sql': 'drop table b;\n',
      },
    };
    const rows = ({ sql }: ToolProject): Promise<readonly object[]> =>
      sql("select version, description, success, encode(checksum, 'hex') as sum from _sqlx_migrations order by 1");

    it('has the same table and the same rows, whoever applies and takes back', () =>
      beside(major, options, async (ours, theirs) => {
        equal((await ours.apply()).kind, 'done');
        const ran = await run(theirs, 'run');
        equal(ran.code, 0, ran.output);
        deepEqual(await rows(ours), await rows(theirs));
        deepEqual(await tablesOfSchema(ours, 'public'), await tablesOfSchema(theirs, 'public'));
        equal((await run(ours, 'run')).code, 0);
        deepEqual(await theirs.states(), ['1 applied', '2 applied', '20240101000000 applied']);
        equal((await theirs.revert(['20240101000000'])).kind, 'done');
        equal((await run(ours, 'revert', '--target-version', '2')).code, 0);
        deepEqual(await rows(ours), await rows(theirs));
        equal((await theirs.revert(['2'])).kind, 'done');
        equal((await run(ours, 'revert', '--target-version', '1')).code, 0);
        deepEqual(await rows(ours), await rows(theirs));
        equal((await ours.apply()).kind, 'done');
        doesNotMatch((await run(ours, 'info')).output, /pending/);
      }));

    it('stops where we stop, and sees what was edited', () =>
      beside(major, options, async (ours, theirs) => {
        for (const project of [ours, theirs])
          project.write('migrations/20240101000000_b-c.up.sql', 'create table b (id int);\nselect 1/0;\n');
        equal((await ours.apply()).kind, 'refused');
        match((await run(theirs, 'run')).output, /division by zero/);
        deepEqual(await rows(ours), await rows(theirs));
        for (const project of [ours, theirs])
          project.write('migrations/2_index.up.sql', '-- no-transaction\nselect 1;\n');
        for (const project of [ours, theirs]) {
          deepEqual(await project.states(), ['1 applied', '2 edited', '20240101000000 pending']);
          match((await run(project, 'run')).output, /2 was previously applied but has been modified/);
          await rejects(project.apply(['20240101000000']), /sqlx/);
        }
        for (const project of [ours, theirs])
          project.write('migrations/2_index.up.sql', options.files['migrations/2_index.up.sql'] ?? '');
        for (const project of [ours, theirs])
          project.write('migrations/20240101000000_b-c.up.sql', '-- no-transaction\nselect 1/0;\n');
        equal((await ours.apply()).kind, 'refused');
        match((await run(theirs, 'run')).output, /division by zero/);
        deepEqual(await rows(ours), await rows(theirs));
        deepEqual((await ours.history()).blocked, (await theirs.history()).blocked);
      }));

    it('waits for us, and we for it', () =>
      each(major, options, async (project) => {
        project.write('migrations/20240101000000_b-c.up.sql', `create table b (); ${gated}`);
        await withGate(project.url, async (gate) => {
          const ours = project.apply();
          await gate.reached();
          const theirs = run(project, 'run');
          await gate.blocks();
          await gate.open();
          deepEqual([(await ours).kind, (await theirs).code], ['done', 0]);
        });
        project.write('migrations/20250101000000_d.up.sql', `create table d (); ${gated}`);
        project.write('migrations/20250101000000_d.down.sql', 'drop table d;');
        await withGate(project.url, async (gate) => {
          const theirs = run(project, 'run');
          await gate.reached();
          const ours = project.apply(['20250101000000']);
          await gate.blocks();
          await gate.open();
          equal((await theirs).code, 0);
          equal((await ours).kind, 'nothing');
        });
      }));
  });

  (diesel === undefined ? describe.skip : describe)(`beside diesel on PostgreSQL ${major}`, () => {
    const run = ({ path, url }: ToolProject, what: string): Promise<Ran> =>
      runIn(path, diesel ?? '', ['migration', what, '--migration-dir', `${path}/migrations`, '--database-url', url]);
    const options: ToolProjectOptions = {
      layout: 'diesel',
      folder: 'migrations',
      files: {
        'migrations/2024-01-01-000000_a/up.sql': 'create table a (id int);\n',
        'migrations/2024-01-01-000000_a/down.sql': 'drop table a;\n',
        'migrations/2024-01-02-000000_index/up.sql': 'create index concurrently i on a (id);\n',
        'migrations/2024-01-02-000000_index/down.sql': 'drop index concurrently i;\n',
        'migrations/2024-01-02-000000_index/metadata.toml': 'run_in_transaction = false\n',
        'migrations/20240103000000_b/up.sql': 'create table b (id int); insert into b values (1);\n',
        'migrations/20240103000000_b/down.sql': 'drop table b;\n',
      },
    };
    const versions = ['20240101000000', '20240102000000', '20240103000000'];
    const rows = ({ sql }: ToolProject): Promise<readonly object[]> =>
      sql('select version from __diesel_schema_migrations order by 1');

    it('has the same table and the same rows, whoever applies and takes back', () =>
      beside(major, options, async (ours, theirs) => {
        equal((await ours.apply()).kind, 'done');
        const ran = await run(theirs, 'run');
        equal(ran.code, 0, ran.output);
        deepEqual(await rows(ours), await rows(theirs));
        deepEqual(await tablesOfSchema(ours, 'public'), await tablesOfSchema(theirs, 'public'));
        match((await run(ours, 'pending')).output, /false/);
        deepEqual(
          await theirs.states(),
          versions.map((it) => `${it} applied`),
        );
        for (const version of [versions[2] ?? '', versions[1] ?? '']) {
          equal((await theirs.revert([version])).kind, 'done');
          equal((await run(ours, 'revert')).code, 0);
          deepEqual(await rows(ours), await rows(theirs));
        }
        equal((await ours.apply([versions[1] ?? ''])).kind, 'done');
        equal((await run(ours, 'run')).code, 0);
        deepEqual(
          await ours.states(),
          versions.map((it) => `${it} applied`),
        );
      }));

    it('stops where we stop', () =>
      beside(major, options, async (ours, theirs) => {
        for (const project of [ours, theirs])
          project.write('migrations/20240103000000_b/up.sql', 'create table b (id int); select 1/0;\n');
        equal((await ours.apply()).kind, 'refused');
        match((await run(theirs, 'run')).output, /division by zero/);
        deepEqual(await rows(ours), await rows(theirs));
      }));

    it('runs nothing twice beside us, whoever comes first, though it takes no lock', () =>
      each(major, options, async (project) => {
        equal((await project.apply(versions.slice(0, 2))).kind, 'done');
        project.write('migrations/20240103000000_b/up.sql', `create table b (); ${gated}`);
        await withGate(project.url, async (gate) => {
          const ours = project.apply();
          await gate.reached();
          const theirs = run(project, 'run');
          await gate.blocks();
          await gate.open();
          deepEqual([(await ours).kind, (await theirs).code], ['done', 1]);
        });
        project.write('migrations/20240104000000_c/up.sql', `create table c (); ${gated}`);
        await withGate(project.url, async (gate) => {
          const theirs = run(project, 'run');
          await gate.reached();
          const ours = project.apply();
          await gate.blocks();
          await gate.open();
          deepEqual([(await ours).kind, (await theirs).code], ['refused', 0]);
        });
        deepEqual(
          await rows(project),
          [...versions, '20240104000000'].map((version) => ({ version })),
        );
      }));
  });

  // Atlas 0.7 is older than Postgres 16, which has no setting lc_collate any more.
  (atlas === undefined || major !== servers.oldest ? describe.skip : describe)(
    `beside Atlas on PostgreSQL ${major}`,
    () => {
      const run = ({ path, url }: ToolProject, what: string, ...words: readonly string[]): Promise<Ran> =>
        runIn(
          path,
          atlas ?? '',
          ['migrate', what, '--dir', `file://${path}/migrations`, '--url', withoutTls(url), ...words],
          { ATLAS_NO_UPDATE_NOTIFIER: '1' },
        );
      const scripts = {
        '1_a.sql': "create table a (t text default 'x;y'); -- said\ncreate index i on a (t);\n",
        '2_b.sql': "-- before\n\nselect ';', 1 /* ; */;\ncreate table b ();\n",
        '3_c.sql': "create function f() returns int language sql as 'select 1;';\ncreate table c ();\n",
      };
      const filesOf = (texts: Readonly<Record<string, string>>): Readonly<Record<string, string>> => ({
        'migrations/atlas.sum': sumOf(Object.entries(texts).map(([name, text]) => ({ name, text }))),
        ...Object.fromEntries(Object.entries(texts).map(([name, text]) => [`migrations/${name}`, text])),
      });
      const optionsOf = (texts: Readonly<Record<string, string>>): ToolProjectOptions => ({
        layout: 'atlas',
        folder: 'migrations',
        files: filesOf(texts),
      });
      const rewrite = (project: ToolProject, texts: Readonly<Record<string, string>>): void => {
        for (const [name, text] of Object.entries(filesOf(texts))) project.write(name, text);
      };
      const rows = ({ sql }: ToolProject): Promise<readonly object[]> =>
        // Early releases keep hashes of the parts in the end, too, and the statement in the error.
        sql(
          `select version, description, type::int, applied::int, total::int, hash,
             regexp_replace(error, '^Statement:.*Error:\n', '') as error,
             case when applied < total then partial_hashes end as parts
           from atlas_schema_revisions.atlas_schema_revisions order by 1`,
        );

      it('has the same rows, and goes on from us, and we from it', () =>
        beside(major, optionsOf(scripts), async (ours, theirs) => {
          equal((await ours.apply()).kind, 'done');
          const ran = await run(theirs, 'apply');
          equal(ran.code, 0, ran.output);
          deepEqual(await rows(ours), await rows(theirs));
          match((await run(ours, 'status')).output, /Migration Status: OK/);
          match((await run(ours, 'apply')).output, /No migration files to execute/);
          deepEqual(await theirs.states(), ['1 applied', '2 applied', '3 applied']);
          for (const project of [ours, theirs])
            rewrite(project, { ...scripts, '4_d.sql': 'create table d ();\n', '5_e.sql': 'create table e ();\n' });
          equal((await theirs.apply(['4'])).kind, 'done');
          equal((await run(ours, 'apply', '1')).code, 0);
          equal((await run(theirs, 'apply')).code, 0);
          equal((await ours.apply()).kind, 'done');
          deepEqual(await rows(ours), await rows(theirs));
        }));

      it('stops where we stop', () =>
        beside(
          major,
          optionsOf({ ...scripts, '4_d.sql': 'create table d ();\nselect 1/0;\n' }),
          async (ours, theirs) => {
            equal((await ours.apply()).kind, 'refused');
            match((await run(theirs, 'apply')).output, /division by zero/);
            deepEqual(await rows(ours), await rows(theirs));
            for (const project of [ours, theirs])
              project.write('atlas.hcl', 'env "local" {\n  migration {\n    tx_mode = NONE\n  }\n}\n');
            equal((await ours.apply()).kind, 'refused');
            match((await run(theirs, 'apply', '--tx-mode', 'none')).output, /division by zero/);
            deepEqual(await rows(ours), await rows(theirs));
          },
        ));

      it('takes all in one transaction as we do, where it is told so', () =>
        beside(
          major,
          { ...optionsOf({ '1_a.sql': scripts['1_a.sql'], '3_c.sql': 'create table c ();\nselect 1/0;\n' }) },
          async (ours, theirs) => {
            for (const project of [ours, theirs])
              project.write('atlas.hcl', 'env "local" {\n  migration {\n    tx_mode = ALL\n  }\n}\n');
            equal((await ours.apply()).kind, 'refused');
            match((await run(theirs, 'apply', '--tx-mode', 'all')).output, /division by zero/);
            deepEqual(await rows(ours), await rows(theirs));
            deepEqual(await rows(ours), []);
          },
        ));
    },
  );
}
