/** The real Alembic agrees with what was told, applied and reverted here, and goes on from there. */
import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict';
import type { ApplyResult, Project } from '../../server/engine/project';
import { checked, never, on, projectOf, withWorkspace, type Workspace } from '../engine/support';
import { alembicFiles, pythonVariables, revision, runPython } from '../support/alembic';
import { withClient } from '../support/client';
import { isFault } from '../support/faults';
import { binariesOf, type Major, servers, withDatabase } from '../support/servers';

const shop: Readonly<Record<string, string>> = {
  'alembic/versions/a1_users.py': revision('a1', {
    up: [
      'op.create_table(',
      '    "users",',
      '    sa.Column("id", sa.Integer, primary_key=True),',
      '    sa.Column("kind", sa.Enum("new", "old", name="kind"), server_default="new"),',
      '    sa.Column("says", sa.Text, comment="100% \'quoted\'"),',
      ')',
      'op.execute("insert into users (says) values (\'a\tb 50%\')")',
    ],
    down: ['op.drop_table("users")', 'sa.Enum(name="kind").drop(op.get_bind())'],
  }),
  'alembic/versions/b2_index.py': revision('b2', {
    below: 'a1',
    up: [
      'op.add_column("users", sa.Column("at", sa.DateTime))',
      'with op.get_context().autocommit_block():',
      '    op.create_index("by_kind", "users", ["kind"], postgresql_concurrently=True)',
      'with op.batch_alter_table("users") as batch:',
      '    batch.alter_column("kind", nullable=False)',
    ],
    down: [
      'op.drop_index("by_kind")',
      'op.drop_column("users", "at")',
      'op.alter_column("users", "kind", nullable=True)',
    ],
  }),
  'alembic/versions/c3_rows.py': revision('c3', {
    below: 'b2',
    up: [
      'users = sa.table("users", sa.column("id", sa.Integer), sa.column("says", sa.Text), sa.column("at", sa.DateTime))',
      'op.bulk_insert(users, [{"id": 7, "says": "x:y", "at": datetime(2020, 2, 29, 1, 2, 3)}, {"id": 8, "says": None, "at": None}])',
      'op.get_bind().execute(sa.text("update users set says = :says where id = :id"), {"says": "it\'s %", "id": 7})',
      'op.execute(users.delete().where(users.c.id == 8))',
    ],
    down: ['op.execute("delete from users where id = 7")'],
  }),
};

interface Place extends Workspace {
  readonly url: string;
  readonly project: () => Promise<Project>;
  readonly alembic: (...words: readonly string[]) => ReturnType<typeof runPython>;
}

const withProject = <T>(
  major: Major,
  files: (url: string) => Readonly<Record<string, string>>,
  use: (place: Place) => Promise<T>,
): Promise<T> =>
  withDatabase(major, (url) =>
    withWorkspace(
      files(url),
      (workspace) => {
        const engine = workspace.engine({ binaries: [binariesOf(major)] });
        return use({
          ...workspace,
          url,
          project: () => projectOf(engine),
          alembic: (...words) => runPython(workspace.root, 'alembic.config', ...words),
        });
      },
      pythonVariables(),
    ),
  );

const withShop = <T>(major: Major, use: (place: Place) => Promise<T>, more: Readonly<Record<string, string>> = {}) =>
  withProject(major, (url) => ({ ...alembicFiles(url), ...shop, ...more }), use);

const applied = (project: Project): Promise<ApplyResult> =>
  project.apply({ which: 'all', snapshot: false, disconnect: false }, () => {}, never);

const reverted = (project: Project, ...versions: readonly string[]): Promise<ApplyResult> =>
  project.revert({ versions, snapshot: false, disconnect: false }, () => {}, never);

const states = async (project: Project): Promise<string> =>
  (await project.status()).migrations.map(({ version, state }) => `${version} ${state}`).join(', ');

const trial = { which: 'all', from: 'auto', afterwards: 'drop', disconnect: false } as const;

const rowsOf = (url: string, sql: string) => withClient(url, (query) => query(sql));

for (const major of Object.values(servers)) {
  describe(`beside Alembic on PostgreSQL ${major}`, () => {
    it('records the same, applied and reverted, and goes on where the other has stopped', () =>
      withShop(major, async ({ project, alembic, url }) => {
        equal((await applied(await project())).kind, 'done');
        match((await alembic('current')).output, /^c3 \(head\)$/m);
        equal((await alembic('downgrade', '-1')).code, 0);
        equal(await states(await project()), 'a1 applied, b2 applied, c3 pending');
        equal((await reverted(await project(), 'b2')).kind, 'done');
        match((await alembic('current')).output, /^a1$/m);
        equal((await alembic('upgrade', 'head')).code, 0);
        equal(await states(await project()), 'a1 applied, b2 applied, c3 applied');
        equal((await reverted(await project(), 'c3', 'b2', 'a1')).kind, 'done');
        deepEqual(await rowsOf(url, 'select * from alembic_version'), []);
        equal((await alembic('upgrade', 'head')).code, 0);
      }));

    it('rehearses what Alembic then does', () =>
      withShop(major, async ({ project, alembic, url }) => {
        const first = await project();
        const { findings } = await checked(first);
        deepEqual(findings, []);
        const { after } = await first.preview('pending', never);
        equal((await alembic('upgrade', 'head')).code, 0);
        await rowsOf(url, 'drop table alembic_version');
        const now = await project();
        now.refresh();
        const shown = await now.preview('pending', never);
        match(after, /CREATE INDEX by_kind/);
        equal(shown.before, after);
        deepEqual(await rowsOf(url, 'select id, says from users order by id'), [
          { id: 1, says: 'a\tb 50%' },
          { id: 7, says: "it's %" },
        ]);
      }));

    it('says what was refused at the call that sent it, and nothing of it stands', () =>
      withShop(
        major,
        async ({ project, alembic, url }) => {
          const found = await project();
          const [finding, ...others] = (await checked(found)).findings;
          equal(others.length, 0);
          const refused = await applied(found);
          if (refused.kind !== 'refused' || !finding) throw new Error(refused.kind);
          deepEqual(
            [refused.migrations, refused.version, refused.finding.sqlState],
            [['a1', 'b2', 'c3'], 'd4', '42701'],
          );
          equal(refused.text.slice(refused.finding.range.start, refused.finding.range.end), failing);
          deepEqual([finding.sqlState, finding.range], [refused.finding.sqlState, refused.finding.range]);
          match(refused.state, /Alembic has rolled d4 back; nothing of it stands\. c3 is the newest/);
          match((await alembic('current')).output, /^c3$/m);
          deepEqual(await rowsOf(url, "select to_regclass('d4') as d4"), [{ d4: null }]);
        },
        {
          'alembic/versions/d4.py': revision('d4', {
            below: 'c3',
            up: ['op.execute("create table d4 ()")', 'for _ in (1,):', `    ${failing}`],
          }),
        },
      ));

    it('does nothing where Alembic would work on another database', () =>
      withShop(major, async ({ engine, url }) =>
        withDatabase(major, async (other) => {
          const project = await projectOf(engine({ binaries: [binariesOf(major)], target: on(other) }));
          await rejects(applied(project), isFault('other-database', /Alembic is configured for the database/));
          for (const it of [url, other])
            deepEqual(await rowsOf(it, "select to_regclass('alembic_version') as it"), [{ it: null }]);
        }),
      ));

    it('keeps two of us apart, so that nothing runs twice', () =>
      withShop(major, async ({ engine }) => {
        const both = await Promise.all([1, 2].map(() => projectOf(engine({ binaries: [binariesOf(major)] }))));
        const results = await Promise.allSettled(both.map((it) => applied(it)));
        const kinds = results.map((it) =>
          it.status === 'fulfilled' ? it.value.kind : isFault('locked')(it.reason) ? 'nothing' : String(it.reason),
        );
        deepEqual(kinds.toSorted(), ['done', 'nothing']);
      }));

    it('follows branches, merges and dependencies', () =>
      withProject(
        major,
        (url) => ({ ...alembicFiles(url), ...branches }),
        async ({ project, alembic }) => {
          const order = (await alembic('history')).output
            .match(/-> (\w+)/g)
            ?.map((it) => it.slice(3))
            .toReversed();
          deepEqual(
            (await project()).folder.migrations.map(({ version }) => version),
            order,
          );
          equal((await alembic('upgrade', 'left')).code, 0);
          const state = async () => new Set((await states(await project())).split(', '));
          deepEqual(
            await state(),
            of({ root: 'applied', left: 'applied', right: 'pending', both: 'pending', aside: 'pending' }),
          );
          equal((await applied(await project())).kind, 'done');
          match((await alembic('current')).output, /aside \(head\)/);
          deepEqual((await alembic('current')).output.match(/^\w+/gm)?.includes('left'), false);
          equal((await reverted(await project(), 'aside', 'both')).kind, 'done');
          deepEqual(
            await state(),
            of({ root: 'applied', left: 'applied', right: 'applied', both: 'pending', aside: 'pending' }),
          );
          equal((await alembic('upgrade', 'heads')).code, 0);
          match((await alembic('upgrade', 'head')).output, /Multiple head revisions are present/);
          const messages = (await project()).folder.problems.map(({ message }) => message.replace(/:.*/, ''));
          deepEqual(messages, ['Multiple head revisions are present (aside, both)']);
        },
      ));

    it('tells of several heads as Alembic refuses them, and of a revision that is not here', () =>
      withShop(
        major,
        async ({ project, alembic, url }) => {
          const [problem] = (await project()).folder.problems;
          match((await alembic('upgrade', 'head')).output, /Multiple head revisions are present/);
          match(problem?.message ?? '', /^Multiple head revisions are present \(c3, x\)/);
          equal((await alembic('upgrade', 'heads')).code, 0);
          await rowsOf(url, "update alembic_version set version_num = 'gone' where version_num = 'x'");
          match((await alembic('upgrade', 'heads')).output, /Can't locate revision identified by 'gone'/);
          await rejects(applied(await project()), isFault('blocked'));
        },
        { 'alembic/versions/x.py': revision('x', { below: 'b2' }) },
      ));

    it('reads the table that env.py names, and leaves what only a database knows to Alembic', () =>
      withProject(
        major,
        (url) => ({
          ...alembicFiles(url, 'version_table="Revisions", version_table_schema="own",'),
          'alembic/versions/a.py': revision('a', {
            up: [
              'if not op.get_bind().execute(sa.text("select 1 where false")).fetchall():',
              '    op.execute("create table a ()")',
            ],
            down: ['raise NotImplementedError("never")'],
          }),
        }),
        async ({ project, alembic, url }) => {
          await rowsOf(url, 'create schema own');
          const found = await project();
          deepEqual(
            (await checked(found)).findings.map(({ code, message }) => `${code}: ${message}`.replace(/\. .*/, '')),
            [
              'not-rehearsed: Alembic 1.8.1 cannot tell its SQL: it asks the database for rows (.fetchall)'.replace(
                '1.8.1',
                version(found),
              ),
              'irreversible: It cannot be reverted: NotImplementedError: never',
              'not-sql: Nothing of it is rehearsed, since its SQL is known only when it runs: it asks the database for rows (.fetchall)',
            ],
          );
          equal((await applied(found)).kind, 'done');
          equal((await found.status()).historyTable, 'own.Revisions');
          match((await alembic('current')).output, /^a \(head\)$/m);
          deepEqual(await rowsOf(url, 'select count(*) from a'), [{ count: '0' }]);
          await rejects(reverted(found, 'a'), isFault('no-down'));
        },
      ));

    it('is led by the app of Flask-Migrate', () =>
      withProject(major, flask, async ({ root, project, url }) => {
        equal((await applied(await project())).kind, 'done');
        const ours = await runPython(root, 'flask', 'db', 'current');
        match(ours.output, /^a1 \(head\)$/m);
        equal((await runPython(root, 'flask', 'db', 'downgrade')).code, 0);
        equal(await states(await project()), 'a1 pending');
        deepEqual(await rowsOf(url, "select to_regclass('users') as it"), [{ it: null }]);
      }));
  });
}

const failing = 'op.add_column("users", sa.Column("id", sa.Integer))';

const of = (known: Readonly<Record<string, string>>): ReadonlySet<string> =>
  new Set(Object.entries(known).map(([version, state]) => `${version} ${state}`));

const version = (project: Project): string =>
  /Alembic ([\d.]+)/.exec([...(project.folder.asked?.values() ?? [])][0]?.sql ?? '')?.[1] ?? '';

const branches: Readonly<Record<string, string>> = {
  'alembic/versions/root.py': revision('root', {}),
  'alembic/versions/left.py': revision('left', { below: 'root' }),
  'alembic/versions/right.py': revision('right', { below: 'root' }),
  'alembic/versions/both.py': revision('both', { below: ['left', 'right'] }),
  'alembic/versions/aside.py': revision('aside', { needs: 'both' }),
};

const flask = (url: string): Readonly<Record<string, string>> => ({
  'app.py': `from flask import Flask
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy

app = Flask(__name__)
app.config["SQLALCHEMY_DATABASE_URI"] = "${url.replace(/^postgres:/, 'postgresql:')}"
Migrate(app, SQLAlchemy(app))
`,
  'migrations/alembic.ini': '[alembic]\n',
  'migrations/env.py': `from alembic import context
from flask import current_app

engine = current_app.extensions["migrate"].db.engine
context.config.set_main_option("sqlalchemy.url", engine.url.render_as_string(hide_password=False).replace("%", "%%"))

if context.is_offline_mode():
    context.configure(url=context.config.get_main_option("sqlalchemy.url"))
    context.run_migrations()
else:
    with engine.connect() as connection:
        context.configure(connection=connection)
        with context.begin_transaction():
            context.run_migrations()
`,
  'migrations/versions/a1.py': shop['alembic/versions/a1_users.py'] ?? '',
});

describe('a trial of migrations of Alembic', () => {
  it('is run by Alembic on a copy', () =>
    withShop(servers.oldest, async ({ project, url }) => {
      const result = await (await project()).trial(trial, () => {}, never);
      if (result.kind !== 'tried') throw new Error(JSON.stringify(result));
      const { passes, roundTrip } = result.report;
      deepEqual(
        passes.map(({ pass, migrations }) => [pass, ...migrations.map(({ version }) => version)]),
        [
          ['up', 'a1', 'b2', 'c3'],
          ['down', 'c3', 'b2', 'a1'],
          ['upAgain', 'a1', 'b2', 'c3'],
        ],
      );
      const said = passes[0]?.migrations.flatMap(({ statements }) => statements) ?? [];
      equal(said.find(({ sql }) => sql.startsWith('update users'))?.rows, 1);
      ok(roundTrip.kind === 'tried' && roundTrip.verdict.kind !== 'different', JSON.stringify(roundTrip));
      deepEqual(await rowsOf(url, `select from pg_class where relname in ('users', 'alembic_version')`), []);
    }));
});
