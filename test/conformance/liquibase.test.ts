/** Liquibase agrees with what was applied and reverted here, and goes on from there; so do we with what it has done. */
import { deepEqual, equal, match, rejects } from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { applyMigrations } from '../../server/engine/apply/apply';
import { liquibaseHistory, liquibaseOptions } from '../../server/engine/history/liquibase';
import { mustApply, mustRefuse, mustRevert, type TestJob, withJob } from '../apply/support';
import type { Place } from '../snapshots/support';
import { isFault } from '../support/faults';
import { withFolder } from '../support/files';
import { runLiquibase } from '../support/liquibase';
import { servers, serverOf } from '../support/servers';
import { toolSettings } from '../support/toolSettings';
import { gated, withGate } from './gate';

const major = servers.newest;

const first = `--liquibase formatted sql

--property name:table value:a

--changeset ada:1
--comment: a table
create table \${table} (id int);   -- with a comment
create function f() returns int language sql as 'select 1; -- one';
-- kept out
--rollback drop function f();
--rollback drop table a;

--changeset ada:2 context:"dev, test" labels:"x, y" runInTransaction:false splitStatements:false
/* block
 comment */
create index   concurrently i on a (id);
--rollback empty

--changeset "ada lovelace":"3 x" dbms:postgresql endDelimiter:/ stripComments:false
do $$ begin perform 1; /* in it */ end $$;
/
-- kept
create table b (id int)
/
/* liquibase rollback
drop table b;
*/

--changeset ada:4 dbms:mysql
create table nothing (id int auto_increment);
`;

const second = `--liquibase formatted sql
--changeset ada:view runOnChange:true
create or replace view v as select id from a;
--rollback drop view v;
--changeset ada:body splitStatements:false
create function g() returns int language plpgsql as $$
begin
  -- said once
  return 1;
end;
$$;
--rollback drop function g();
`;

const root = `databaseChangeLog:
  - include:
      file: 1_first.sql
      relativeToChangelogFile: true
  - include:
      file: 2_second.sql
      relativeToChangelogFile: true
`;

type Row = Readonly<Record<'id' | 'exectype', string> & Record<string, unknown>> & { readonly orderexecuted: number };

interface Project {
  /** Where the real tool finds the files. */
  readonly folder: string;
  readonly job: TestJob;
  readonly place: Place;
  readonly url: string;
  readonly run: (...words: readonly string[]) => ReturnType<typeof runLiquibase>;
  readonly rows: () => Promise<readonly Row[]>;
}

const usual = `--- changelog.yaml\n${root}--- 1_first.sql\n${first}--- 2_second.sql\n${second}`;

const withProject = (use: (project: Project) => Promise<void>, source = usual): Promise<void> =>
  withFolder((folder) =>
    withJob(major, 'liquibase', source, async (job, place) => {
      const migrations = join(folder, 'migrations');
      mkdirSync(migrations);
      for (const { name, text } of job.fixture.files) {
        mkdirSync(dirname(join(migrations, name)), { recursive: true });
        writeFileSync(join(migrations, name), text);
      }
      const url = (await serverOf(major)).url(place.target.database.name);
      await use({
        folder: migrations,
        job,
        place,
        url,
        run: (...words) => runLiquibase(migrations, url, job.fixture.files[0]?.name ?? '', ...words),
        rows: () =>
          place.sql(
            `select id, author, filename, orderexecuted, exectype, md5sum, description, comments, tag, contexts, labels,
                length(deployment_id) as digits
              from databasechangelog order by orderexecuted`,
          ),
      });
    }),
  );

const bodies = ({ sql }: Place) => sql("select proname, prosrc from pg_proc where proname in ('f', 'g') order by 1");

const shapes = ({ sql }: Place) =>
  sql(
    `select c.relname, a.attname, format_type(a.atttypid, a.atttypmod) as type, a.attnotnull, i.indisprimary
      from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
        left join pg_index i on i.indrelid = c.oid and a.attnum = any (i.indkey)
      where c.relname in ('databasechangelog', 'databasechangeloglock') order by 1, a.attnum`,
  );

const states = async ({ job, place }: Project): Promise<readonly string[]> => {
  const session = await place.target.database.open('read');
  try {
    const state = await job.history.read(session);
    return job.folder.migrations.map((it) => {
      const { text } = job.fixture.files.find(({ name }) => name === it.version) ?? { text: '' };
      const { applied, open } = state.parts?.(it, text) ?? { applied: new Set(), open: new Set() };
      return `${it.version} ${[...applied].join()}/${[...open].join()}${state.edited?.has(it, text) ? ' edited' : ''}`;
    });
  } finally {
    await session.end();
  }
};

describe(`beside Liquibase on PostgreSQL ${major}`, () => {
  it('finds nothing to do behind us, and we nothing behind it: rows, tables and bodies are the same', () =>
    withProject(async (ours) =>
      withProject(async (theirs) => {
        await mustApply(ours.job, ours.job.versions);
        equal((await theirs.run('update')).code, 0);
        deepEqual(await ours.rows(), await theirs.rows());
        deepEqual(await shapes(ours.place), await shapes(theirs.place));
        deepEqual(await bodies(ours.place), await bodies(theirs.place));
        match((await ours.run('status')).output, /is up to date/);
        equal((await ours.run('validate')).code, 0);
        const applied = ['1_first.sql ada:1,ada:2,ada lovelace:3 x/', '2_second.sql ada:view,ada:body/'];
        deepEqual(await states(ours), applied);
        deepEqual(await states(theirs), applied);
        equal((await applyMigrations(theirs.job, theirs.job.versions)).kind, 'nothing');
      }),
    ));

  it('does what preconditions say, as it does', () => {
    const file = `--liquibase formatted sql
--changeset ada:1
--preconditions onFail:MARK_RAN
--precondition-table-exists table:nowhere
create table a (id int);
--changeset ada:2
--precondition-sql-check expectedResult:0 select count(*) from pg_class where relname = 'a'
create table Up (id int);
create view v as select id from Up;
--changeset ada:3
--preconditions onFail:HALT onError:CONTINUE
--precondition-table-exists table:UP schema:PUBLIC
--precondition-view-exists view:v
--precondition-sql-check expectedResult:t select true
create table c (id int);
--changeset ada:4
--preconditions onFail:WARN
--precondition-view-exists view:up
create table d (id int);
--changeset ada:5
--preconditions onError:CONTINUE
--precondition-sql-check expectedResult:0 select count(*) from nowhere
create table e (id int);
`;
    const source = `--- changelog.yaml\ndatabaseChangeLog:\n  - include:\n      file: 1_a.sql\n      relativeToChangelogFile: true\n--- 1_a.sql\n${file}`;
    return withProject(async (ours) => {
      await withProject(async (theirs) => {
        equal((await applyMigrations(ours.job, ours.job.versions)).kind, 'done');
        const { code, output } = await theirs.run('update');
        equal(code, 0, output);
        deepEqual(await ours.rows(), await theirs.rows());
      }, source);
      const made = "select relname::text as name from pg_class where relname in ('a', 'up', 'c', 'd', 'e') order by 1";
      deepEqual(await ours.place.sql(made), [{ name: 'c' }, { name: 'd' }, { name: 'up' }]);
    }, source);
  });

  it('goes on from a part, and takes back what we applied; so do we', () =>
    withProject(async (project) => {
      const { job, run, rows, place } = project;
      equal((await run('update-count', '--count=2')).code, 0);
      deepEqual(await states(project), ['1_first.sql ada:1,ada:2/ada lovelace:3 x', '2_second.sql /ada:view,ada:body']);
      await mustApply(job, ['1_first.sql']);
      deepEqual(
        (await rows()).map(({ id, orderexecuted }) => `${id} ${orderexecuted}`),
        ['1 1', '2 2', '3 x 3'],
      );
      equal((await run('update')).code, 0);
      await mustRevert(job, ['2_second.sql']);
      match((await run('status', '--verbose')).output, /2 changesets have not been applied[^]*ada\n/);
      equal((await run('rollback-count', '--count=1')).code, 0);
      deepEqual(await states(project), ['1_first.sql ada:1,ada:2/ada lovelace:3 x', '2_second.sql /ada:view,ada:body']);
      await mustApply(job, job.versions);
      match((await run('status')).output, /is up to date/);
      equal((await run('rollback-count', '--count=5')).code, 0);
      deepEqual(await place.sql("select relname from pg_class where relname in ('a', 'b', 'v')"), []);
    }));

  it('sees with us what was edited, and runs again what may be', () =>
    withProject(async (project) => {
      const { folder, job, run, rows, place } = project;
      await mustApply(job, job.versions);
      const edited = (...changes: readonly (readonly [string, string])[]): TestJob => {
        const files = job.fixture.files.map((file) => {
          const text = changes.reduce((whole, [from, to]) => whole.replace(from, to), file.text);
          writeFileSync(join(folder, file.name), text);
          return { ...file, text };
        });
        const read = (path: string) => files.find(({ name }) => path.endsWith(`/${name}`))?.text;
        return { ...job, read, fixture: { ...job.fixture, files } };
      };
      const first = '1_first.sql ada:1,ada:2,ada lovelace:3 x/';
      const blanks = edited(['  return 1;', '\treturn  1;\r\n'], ['runOnChange:true\n', 'runOnChange:true\r\n']);
      deepEqual(await states({ ...project, job: blanks }), [first, '2_second.sql ada:view,ada:body/']);
      equal((await run('validate')).code, 0);
      const view = edited(['select id from a', 'select id, 2 as two from a']);
      deepEqual(await states({ ...project, job: view }), [first, '2_second.sql ada:view,ada:body/ada:view']);
      await mustApply(view, ['2_second.sql']);
      match((await run('status')).output, /is up to date/);
      const ours = await rows();
      deepEqual([ours.at(-1)?.id, ours.at(-1)?.exectype, ours.at(-1)?.orderexecuted], ['view', 'RERAN', 6]);
      await place.sql("update databasechangelog set md5sum = '9:0' where id = 'view'");
      equal((await run('update')).code, 0);
      deepEqual(
        await rows(),
        ours.map((it) => (it.id === 'view' ? { ...it, orderexecuted: 7 } : it)),
      );
      const body = edited(['return 1;', 'return 2;'], ['select id from a', 'select id, 2 as two from a']);
      deepEqual(await states({ ...project, job: body }), [first, '2_second.sql ada:view,ada:body/ edited']);
      match((await run('validate')).output, /2_second\.sql::body::ada was: 9:\w+ but is now: 9:/);
    }));

  it('stops where we stop, and stands as we stand', () =>
    withProject(async (ours) =>
      withProject(async (theirs) => {
        for (const { place } of [ours, theirs]) await place.sql('create table b ()');
        await mustRefuse(ours.job, ours.job.versions);
        equal((await theirs.run('update')).code === 0, false);
        deepEqual(await ours.rows(), await theirs.rows());
        equal((await ours.rows()).length, 2);
        await ours.place.sql('drop table b');
        const [run, applied] = await Promise.all([
          ours.run('update'),
          applyMigrations({ ...ours.job, waits: { lockMs: 60_000, statementLockMs: 10_000 } }, ours.job.versions),
        ]);
        deepEqual([run.code, ['done', 'nothing'].includes(applied.kind)], [0, true]);
        deepEqual(
          (await ours.rows()).map(({ id, orderexecuted, exectype }) => `${id} ${orderexecuted} ${exectype}`),
          ['1 1 EXECUTED', '2 2 EXECUTED', '3 x 3 EXECUTED', 'view 4 EXECUTED', 'body 5 EXECUTED'],
        );
      }),
    ));

  it('takes a file without the first line for one changeset', () => {
    const source = `--- changelog.yaml
databaseChangeLog:
  - include:
      file: x/raw.sql
      relativeToChangelogFile: true
--- x/raw.sql
create table c (id int); -- \${as} it is
insert into c values (1);
`;
    return withProject(
      (ours) =>
        withProject(async (theirs) => {
          await mustApply(ours.job, ours.job.versions);
          match((await theirs.run('update')).output, /executed successfully/);
          deepEqual(await ours.rows(), await theirs.rows());
          match((await ours.run('status')).output, /is up to date/);
          deepEqual(await states(theirs), ['x/raw.sql includeAll:raw/']);
        }, source),
      source,
    );
  });

  it('waits for our lock, and we for its', () =>
    withProject(async ({ job, run, place }) => {
      await mustApply(job, ['1_first.sql']);
      await place.sql("update databasechangeloglock set locked = true, lockedby = 'somebody', lockgranted = now()");
      const waits = { lockMs: 50, statementLockMs: 50 };
      await rejects(
        applyMigrations({ ...job, waits }, ['2_second.sql']),
        isFault('locked', /somebody has held the lock/),
      );
      equal((await run('release-locks')).code, 0);
      await mustApply(job, ['2_second.sql']);
      deepEqual(await place.sql('select id, locked, lockgranted, lockedby from databasechangeloglock'), [
        { id: 1, locked: false, lockgranted: null, lockedby: null },
      ]);
    }));

  it('runs with contexts and labels what we run', () => {
    const conditions = [
      '',
      ...['dev', 'test', '!dev', 'not dev', 'dev and test', '"dev, prod"', '"dev or !prod"', '"(dev and us) or prod"'],
      ...['@dev', '"!@dev"', '"@dev and test"', 'DEV'],
    ];
    const changesets = (author: string, list: readonly string[]): string =>
      list.map((it, at) => `--changeset ${author}:${at} contextFilter:${it}\nselect ${at};\n`).join('');
    // Up to 4.28 an "@" anywhere within an include asks for a context, later only at the beginning of all.
    const [contexts, included] = [
      changesets('c', conditions),
      changesets(
        'b',
        conditions.filter((it) => !it.includes('@')),
      ),
    ];
    const labels = ['', 'x', '"x, y"', 'Z', 'x\\,y']
      .map((it, at) => `--changeset l:${at} labels:${it}\nselect ${at};\n`)
      .join('');
    const source = `--- changelog.xml
${xml}
  <include file="a.sql" relativeToChangelogFile="true"/>
  <include file="b.sql" relativeToChangelogFile="true" contextFilter="dev or test"/>
  <include file="c.xml" relativeToChangelogFile="true"/>
</databaseChangeLog>
--- a.sql\n${head}${contexts}${labels}--- b.sql\n${head}${included}${labels.replaceAll('l:', 'm:')}--- c.xml
${xml}
  <changeSet id="1" author="x" context="dev"><sql>select 1</sql></changeSet>
  <changeSet id="2" author="x" context="prod" labels="x"><sql>select 2</sql></changeSet>
  <changeSet id="3" author="x" dbms="h2"><sql>select 3</sql></changeSet>
</databaseChangeLog>
`;
    return withProject(async ({ run, job, folder }) => {
      for (const [given, filter] of [
        ['', ''],
        ['dev', 'x'],
        ['test,prod', '!z'],
        ['prod', 'x and y'],
        ['dev and us', ''],
      ]) {
        const { output } = await run(
          'status',
          '--verbose',
          ...(given ? [`--contexts=${given}`] : []),
          ...(filter ? [`--label-filter=${filter}`] : []),
        );
        const theirs = [...output.matchAll(/^\s*(\S+)::(\S+)::(\S+)\s*$/gm)].map(
          ([, file, id, author]) => `${file} ${author}:${id}`,
        );
        const environment = { LIQUIBASE_COMMAND_CONTEXTS: given, LIQUIBASE_COMMAND_LABEL_FILTER: filter };
        const texts = new Map(job.fixture.files.map(({ name, text }) => [name, text]));
        const history = liquibaseHistory(
          liquibaseOptions(
            toolSettings({ path: folder, environment, read: (name) => texts.get(name), list: () => [...texts.keys()] }),
          ),
        );
        const state = history.ofNothing();
        const ours = job.folder.migrations.flatMap((it) =>
          [...(state.parts?.(it, texts.get(it.version) ?? '').open ?? [])].map((part) => `${it.version} ${part}`),
        );
        deepEqual(ours, theirs, `${given} ${filter}`);
      }
    }, source);
  });

  it('waits for us where we came first, and then has nothing to do', () =>
    withProject(async ({ job, run, place, url, rows }) => {
      await withGate(url, async (gate) => {
        const ours = applyMigrations(job, job.versions);
        await gate.reached();
        const theirs = run('update');
        await gate.asks('%databasechangeloglock%');
        await gate.open();
        equal((await ours).kind, 'done');
        match((await theirs).output, /executed successfully/);
      });
      equal((await rows()).length, 2);
      deepEqual(await place.sql('select count(*)::int as n from t'), [{ n: 1 }]);
    }, slow));

  it('is waited for where it came first, and then we have nothing to do', () =>
    withProject(async ({ job, run, place, url, rows }) => {
      await withGate(url, async (gate) => {
        const theirs = run('update');
        await gate.reached();
        const ours = applyMigrations(job, job.versions);
        await gate.open();
        match((await theirs).output, /executed successfully/);
        const { kind } = await ours;
        equal(['done', 'nothing'].includes(kind), true, kind);
      });
      equal((await rows()).length, 2);
      deepEqual(await place.sql('select count(*)::int as n from t'), [{ n: 1 }]);
    }, slow));
});

const xml = `<databaseChangeLog xmlns="http://www.liquibase.org/xml/ns/dbchangelog" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
  xsi:schemaLocation="http://www.liquibase.org/xml/ns/dbchangelog http://www.liquibase.org/xml/ns/dbchangelog/dbchangelog-latest.xsd">`;

const head = '--liquibase formatted sql\n';

const slow = `--- a.sql\n${head}--changeset a:1\ncreate table t (id int);\n--changeset a:2 splitStatements:false\n${gated} insert into t values (1);\n`;
