/**
 * Atlas's history on real servers. Atlas cannot be run here: what is expected is what its source does (ariga/atlas
 * v1.2.3: sql/migrate/migrate.go, cmd/atlas/internal/migrate/migrate.go), and as ent makes its table.
 */
import { deepEqual, equal, match, rejects } from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { applyMigrations } from '../../server/engine/apply/apply';
import { atlasHistory, atlasOptions, lockId } from '../../server/engine/history/atlas';
import { linesOf, sumOf } from '../../server/engine/layouts/atlasSum';
import { jobFor, mustApply, mustRefuse, repaired, repairsOf, type TestJob } from '../apply/support';
import { type Place, withPlace } from '../snapshots/support';
import { isFault } from '../support/faults';
import { type Major, servers, serverOf } from '../support/servers';
import { withSession } from '../support/session';
import { toolSettings } from '../support/toolSettings';

const files = {
  '1_a.sql': 'create table a ();\nselect 1;\n',
  '2_b.sql': '-- atlas:txmode none\n\ncreate table b ();\ncreate index concurrently on b ((1));\nselect 1/0;\n',
  '3_c.sql': 'create table c ();\n',
};

const jobOf = (place: Place, texts: Readonly<Record<string, string>>): TestJob => {
  const summed = Object.entries(texts).map(([name, text]) => ({ name, text }));
  const source = [...summed, { name: 'atlas.sum', text: sumOf(summed) }];
  return jobFor(place, 'atlas', source.map(({ name, text }) => `--- ${name}\n${text}`).join(''));
};

const rowsOf = (place: Place): Promise<readonly Record<string, unknown>[]> =>
  place.sql(`select version, description, type::int, applied::int, total::int, error, error_stmt, hash, partial_hashes,
    execution_time >= 0 as timed, executed_at < now() as begun
    from atlas_schema_revisions.atlas_schema_revisions order by version`);

const read = async (place: Place, major: Major, hcl = '') =>
  withSession((await serverOf(major)).url(place.target.database.name), (session) =>
    atlasHistory(atlasOptions(toolSettings({ read: (it) => (it === '../atlas.hcl' ? hcl : undefined) }))).read(session),
  );

for (const major of Object.values(servers)) {
  describe(`Atlas's history on Postgres ${major}`, () => {
    it('adds to an early table the column that later releases have', () =>
      withPlace(major, async (place) => {
        const job = jobOf(place, { '1_a.sql': 'create table a ();\n' });
        await mustApply(job, job.versions);
        await place.sql('alter table atlas_schema_revisions.atlas_schema_revisions drop column error_stmt');
        const next = jobOf(place, { '1_a.sql': 'create table a ();\n', '2_b.sql': 'create table b ();\n' });
        await mustApply(next, ['2']);
        deepEqual(
          await place.sql('select version, error_stmt from atlas_schema_revisions.atlas_schema_revisions order by 1'),
          [
            { version: '1', error_stmt: null },
            { version: '2', error_stmt: '' },
          ],
        );
      }));

    it('has a row for each version, which says how far a script without a transaction came', () =>
      withPlace(major, async (place) => {
        const job = jobOf(place, files);
        const hashes = linesOf(Object.entries(files).map(([name, text]) => ({ name, text }))).map(({ hash }) => hash);
        const done = await applyMigrations(job, job.versions);
        equal(done.kind, 'refused');
        const digests = ['create table b ();', 'create index concurrently on b ((1));'].map(
          (_, i, all) =>
            `h1:${createHash('sha256')
              .update(all.slice(0, i + 1).join(''))
              .digest('base64')}`,
        );
        const common = { type: 2, timed: true, begun: true };
        deepEqual(await rowsOf(place), [
          {
            version: '1',
            description: 'a',
            applied: 2,
            total: 2,
            error: '',
            error_stmt: '',
            hash: hashes[0],
            partial_hashes: null,
            ...common,
          },
          {
            version: '2',
            description: 'b',
            applied: 2,
            total: 3,
            error: 'pq: division by zero',
            error_stmt: 'select 1/0',
            hash: hashes[1],
            partial_hashes: digests,
            ...common,
          },
        ]);
        const { blocked, applied } = await read(place, major);
        match(blocked ?? '', /^Of the 3 statements of 2, the first 2 were run\. Atlas goes on behind them/);
        deepEqual(job.folder.migrations.map(applied), ['applied', 'pending', 'pending']);
        await rejects(applyMigrations(job, ['3']), isFault('blocked'));
      }));

    it('keeps nothing of a file that was rolled back', () =>
      withPlace(major, async (place) => {
        const job = jobOf(place, { '1_a.sql': 'create table a ();\n', '2_b.sql': 'create table b ();\nselect 1/0;\n' });
        await mustRefuse(job, job.versions);
        deepEqual(
          (await rowsOf(place)).map(({ version }) => version),
          ['1'],
        );
        deepEqual(job.folder.migrations.map((await read(place, major)).applied), ['applied', 'pending']);
      }));

    it('refuses, skips or runs what comes too late, as atlas.hcl says', () =>
      withPlace(major, async (place) => {
        const job = jobOf(place, { '1_a.sql': 'select 1;\n', '2_b.sql': 'select 2;\n', '3_c.sql': 'select 3;\n' });
        await applyMigrations(job, ['1', '2', '3']);
        await place.sql(`delete from atlas_schema_revisions.atlas_schema_revisions where version = '2'`);
        await place.sql(`insert into atlas_schema_revisions.atlas_schema_revisions values
          ('.atlas_cloud_identifier', 'x', 2, 0, 0, now(), 0, null, null, '', null, '')`);
        const states = async (order: string): Promise<string> => {
          const state = await read(place, major, `env "x" { migration { exec_order = ${order} } }`);
          const [, late] = job.folder.migrations;
          return late ? `${state.applied(late)} ${state.refuses?.(late)?.slice(0, 25)} ${state.versions.join()}` : '';
        };
        equal(await states('LINEAR'), 'pending Atlas refuses to go on: 2 1,3');
        equal(await states('LINEAR_SKIP'), 'skipped undefined 1,3');
        equal(await states('NON_LINEAR'), 'pending undefined 1,3');
        await rejects(applyMigrations(job, ['2']), isFault('out-of-order'));
      }));

    it('begins an empty database with the last checkpoint, and runs none in another one', () =>
      withPlace(major, async (place) => {
        const texts = {
          '1_a.sql': 'create table a ();\n',
          '2_all.sql': '-- atlas:checkpoint\n\ncreate table a ();\n',
          '3_b.sql': 'create table b ();\n',
        };
        const states = async (job: TestJob) => {
          const { applied, leaves } = await read(place, major);
          return job.folder.migrations.map((it) => `${it.version} ${applied(it)}: ${leaves?.(it) ?? ''}`);
        };
        const job = jobOf(place, texts);
        deepEqual(await states(job), [
          '1 skipped: Atlas begins with the checkpoint 2, which holds it.',
          '2 pending: ',
          '3 pending: ',
        ]);
        equal((await applyMigrations(job, ['2', '3'])).kind, 'done');
        const later = jobOf(place, {
          ...texts,
          '4_all.sql': '-- atlas:checkpoint\n\n',
          '5_c.sql': 'create table c ();\n',
        });
        deepEqual(await states(later), [
          '1 skipped: Atlas has begun with the checkpoint 2, which holds it.',
          '2 applied: ',
          '3 applied: ',
          '4 skipped: Atlas runs a checkpoint only in a database in which nothing is applied: this one has what it holds.',
          '5 pending: ',
        ]);
        equal((await applyMigrations(later, ['5'])).kind, 'done');
      }));

    it('takes what is older than a baseline for applied, and wants an empty database without one', () =>
      withPlace(major, async (place) => {
        const job = jobOf(place, { '1_a.sql': 'select 1;\n', '2_b.sql': 'select 2;\n', '3_c.sql': 'select 3;\n' });
        await place.sql('create table old ()');
        await rejects(applyMigrations(job, ['1']), isFault('blocked', /not empty: there is the table public\.old/));
        await place.sql(`insert into atlas_schema_revisions.atlas_schema_revisions
          values ('2', 'b', 1, 0, 0, now(), 0, '', '', '', null, 'Atlas CLI v1.2.3')`);
        deepEqual(job.folder.migrations.map((await read(place, major)).applied), ['applied', 'applied', 'pending']);
        await mustApply(job, ['3']);
      }));

    it('is set to a version as atlas migrate set does it: from nothing, and before what was run in part', () =>
      withPlace(major, async (place) => {
        const job = jobOf(place, files);
        await place.sql('create table a ()');
        match((await read(place, major)).blocked ?? '', /Atlas refuses to begin/);
        deepEqual(
          (await repairsOf(job)).map(({ command }) => command),
          ['atlas migrate set 3', 'atlas migrate set 2', 'atlas migrate set 1'],
        );
        await repaired(job, 2);
        const [set] = await rowsOf(place);
        const hash = linesOf(Object.entries(files).map(([name, text]) => ({ name, text })))[0]?.hash;
        const empty = { applied: 0, total: 0, error: '', error_stmt: '', partial_hashes: null };
        deepEqual(set, { version: '1', description: 'a', type: 4, hash, timed: true, begun: true, ...empty });
        await mustRefuse(job, ['2']);
        const repair = await repaired(job, 0);
        deepEqual([repair.title, repair.command], ['Record that nothing of 2 was run', 'atlas migrate set 1']);
        deepEqual(job.folder.migrations.map((await read(place, major)).applied), ['applied', 'pending', 'pending']);
        deepEqual(await repairsOf(job), []);
      }));

    it('refuses what atlas.sum does not know, and is under the lock of Atlas', () =>
      withPlace(major, async (place) => {
        const job = jobOf(place, { '1_a.sql': 'select 1;\n' });
        const without = { ...job, read: (path: string) => (path.endsWith('atlas.sum') ? 'h1:\n' : job.read(path)) };
        await rejects(applyMigrations(without, ['1']), isFault('bad-migration', /atlas\.sum/));
        deepEqual(await place.sql("select to_regnamespace('atlas_schema_revisions')::text as made"), [{ made: null }]);
        equal(lockId, 2_686_470_616n);
        const holder = await place.connect();
        await holder.query(`select pg_advisory_lock(${lockId})`);
        await rejects(
          applyMigrations({ ...job, waits: { lockMs: 50, statementLockMs: 50 } }, ['1']),
          isFault('locked'),
        );
      }));

    it('stands in the schema that atlas.hcl names, else in that of the URL', () => {
      const schema = (hcl: string, searchPath?: string): string =>
        atlasOptions(
          toolSettings({ read: () => hcl, settings: searchPath === undefined ? {} : { search_path: searchPath } }),
        ).schema;
      equal(schema(''), 'atlas_schema_revisions');
      equal(schema('', 'shop'), 'shop');
      equal(schema('env "x" { migration { revisions_schema = "tools" } }', 'shop'), 'tools');
    });
  });
}
