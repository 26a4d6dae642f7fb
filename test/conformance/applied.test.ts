/** The real tools agree with what was applied and reverted here, and go on from there. */
import { deepEqual, equal, match } from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { applyMigrations } from '../../server/engine/apply/apply';
import { runDbmate } from '../support/dbmate';
import { withFolder } from '../support/files';
import { hasGoose, runGoose } from '../support/goose';
import { hasGolangMigrate, runGolangMigrate } from '../support/golangMigrate';
import { servers, serverOf } from '../support/servers';
import { mustApply, mustRevert, sameTables, type TestJob, withJob } from '../apply/support';
import { gated, withGate } from './gate';

for (const major of Object.values(servers)) {
  describe(`beside the real tools on PostgreSQL ${major}`, () => {
    it('dbmate', () =>
      withFolder((folder) =>
        withJob(
          major,
          'dbmate',
          `--- 1_a.sql
-- migrate:up
create table a (id int);
-- migrate:down
drop table a;
--- 2_b.sql
-- migrate:up transaction:false
create table b (id int); create table b2 (id int);
-- migrate:down
drop table b, b2;
--- 3_c.sql
-- migrate:up
create table c (id int);
-- migrate:down
drop table c;
`,
          async (job, place) => {
            writeMigrations(folder, job);
            const url = (await serverOf(major)).url(place.target.database.name);
            await mustApply(job, ['1', '2']);
            match((await runDbmate(folder, url, 'status')).output, /\[X\] 1_a\.sql\n\[X\] 2_b\.sql\n\[ \] 3_c\.sql/);
            equal((await runDbmate(folder, url, 'up')).code, 0);
            await mustRevert(job, ['3', '2']);
            match((await runDbmate(folder, url, 'status')).output, /\[X\] 1_a\.sql\n\[ \] 2_b\.sql\n\[ \] 3_c\.sql/);
            equal((await runDbmate(folder, url, 'rollback')).code, 0);
            await mustApply(job, ['1', '2', '3']);
            await sameTables(place, ['a', 'b', 'b2', 'c', 'schema_migrations']);
          },
        ),
      ));

    it('dbmate runs nothing twice beside us, whoever comes first, though it takes no lock', () =>
      withFolder((folder) =>
        withJob(
          major,
          'dbmate',
          ['a', 'b']
            .map(
              (name, at) =>
                `--- ${at + 1}_${name}.sql\n-- migrate:up\ncreate table ${name} ();\n${gated}\n-- migrate:down\ndrop table ${name};\n`,
            )
            .join(''),
          async (job, place) => {
            mkdirSync(join(folder, 'migrations'));
            const url = (await serverOf(major)).url(place.target.database.name);
            const add = (at: number): void => {
              const { name = '', text = '' } = job.fixture.files[at] ?? {};
              writeFileSync(join(folder, 'migrations', name), text);
            };
            add(0);
            await withGate(url, async (gate) => {
              const ours = applyMigrations(job, ['1']);
              await gate.reached();
              const theirs = runDbmate(folder, url, 'up');
              await gate.blocks();
              await gate.open();
              equal((await ours).kind, 'done');
              match((await theirs).output, /already exists|duplicate key/);
            });
            add(1);
            await withGate(url, async (gate) => {
              const theirs = runDbmate(folder, url, 'up');
              await gate.reached();
              const ours = applyMigrations(job, ['2']);
              await gate.blocks();
              await gate.open();
              equal((await theirs).code, 0);
              equal((await ours).kind, 'refused');
            });
            deepEqual(await place.sql('select version from schema_migrations order by 1'), [
              { version: '1' },
              { version: '2' },
            ]);
          },
        ),
      ));

    (hasGoose() ? it : it.skip)('goose', () =>
      withFolder((folder) =>
        withJob(
          major,
          'goose',
          `--- 1_a.sql
-- +goose Up
create table a (id int);
-- +goose Down
drop table a;
--- 2_b.sql
-- +goose NO TRANSACTION
-- +goose Up
create table b (id int); create table b2 (id int);
create index concurrently b_id on b (id);
-- +goose Down
drop table b, b2;
--- 3_c.sql
-- +goose Up
create table c (id int);
-- +goose Down
drop table c;
`,
          async (job, place) => {
            writeMigrations(folder, job);
            const url = (await serverOf(major)).url(place.target.database.name);
            await mustApply(job, ['1', '2']);
            match((await runGoose(folder, url, 'version')).output, /version 2\s/);
            equal((await runGoose(folder, url, 'up')).code, 0);
            await mustRevert(job, ['3', '2']);
            match((await runGoose(folder, url, 'version')).output, /version 1\s/);
            equal((await runGoose(folder, url, 'down')).code, 0);
            await mustApply(job, ['1', '2', '3']);
            await sameTables(place, ['a', 'b', 'b2', 'c', 'goose_db_version']);
          },
        ),
      ),
    );

    (hasGolangMigrate() ? it : it.skip)('golang-migrate', () =>
      withFolder((folder) =>
        withJob(
          major,
          'golang-migrate',
          `--- 1_a.up.sql
create table a (id int);
--- 1_a.down.sql
drop table a;
--- 2_b.up.sql
create table b (id int);
--- 2_b.down.sql
drop table b;
`,
          async (job, place) => {
            writeMigrations(folder, job);
            const url = (await serverOf(major)).url(place.target.database.name);
            await mustApply(job, ['1']);
            match((await runGolangMigrate(folder, url, 'version')).output, /^1\s*$/);
            equal((await runGolangMigrate(folder, url, 'up')).code, 0);
            await mustRevert(job, ['2']);
            match((await runGolangMigrate(folder, url, 'version')).output, /^1\s*$/);
            await sameTables(place, ['a', 'schema_migrations']);
          },
        ),
      ),
    );
  });
}

function writeMigrations(folder: string, { fixture }: TestJob): void {
  mkdirSync(join(folder, 'migrations'));
  for (const { name, text } of fixture.files) writeFileSync(join(folder, 'migrations', name), text);
}
