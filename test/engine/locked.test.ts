/** Somebody else holds a lock that keeps everybody out: nothing of ours hangs, and it is said who it is. */
import { deepEqual, equal, match, rejects } from 'node:assert/strict';
import type { Project } from '../../server/engine/project';
import { withConnection } from '../support/client';
import { gated, gateOfStatements, ofTargets, withGate } from '../support/gate';
import { type Major, serverOf, servers, withDatabase } from '../support/servers';
import { briefly, checked, never, on, projectOf, withWorkspace } from './support';

const file = 'db/migrations/1_a.sql';
const files = { [file]: '-- migrate:up\ncreate table a ();\n-- migrate:down\ndrop table a;\n' };
const quiet = (): void => {};
const consent = { disconnect: false };

/** Everything that reads the history of the target. */
const questions: Readonly<Record<string, (project: Project) => Promise<unknown>>> = {
  'the state of the migrations': (project) => project.status(),
  'a check': (project) => checked(project),
  'a preview': (project) => project.preview('pending', never),
  'an apply': (project) => project.apply({ which: 'all', snapshot: false, ...consent }, quiet, never),
  'a revert': (project) => project.revert({ versions: ['1'], snapshot: false, ...consent }, quiet, never),
  'a snapshot': (project) => project.snapshot({ reason: 'by hand', ...consent }, never),
};

interface Locked {
  readonly project: Project;
  readonly log: readonly string[];
  /** In a transaction that stays open. */
  lock(sql: string): Promise<void>;
  unlock(): Promise<void>;
}

const withLocked = (major: Major, use: (locked: Locked) => Promise<void>): Promise<void> =>
  withDatabase(major, (url) =>
    withWorkspace(files, ({ engine, log }) =>
      withConnection(`${url}?application_name=psql`, async (other) => {
        await other.query(
          'create table schema_migrations (version varchar primary key); create view v as select 1 as a',
        );
        const project = await projectOf(engine({ target: on(url), shadow: 'embedded' }));
        const lock = async (sql: string) => void (await other.query(`begin; ${sql}`));
        await use({ project, log, lock, unlock: async () => void (await other.query('rollback')) });
      }),
    ),
  );

for (const major of Object.values(servers))
  describe(`a history that somebody else has locked, PostgreSQL ${major}`, () => {
    for (const [what, ask] of Object.entries(questions))
      it(`is not waited for by ${what}`, () =>
        withLocked(major, async ({ project, lock }) => {
          await lock('lock table schema_migrations in access exclusive mode');
          await rejects(ask(project), {
            code: 'busy',
            message: /in use by others: session \d+ \(psql, user \w+\) has locked public\.schema_migrations\./,
          });
        }));

    it('keeps no look waiting, and no other reader behind it', () =>
      withLocked(major, async ({ project, log, lock, unlock }) => {
        await project.status();
        await lock('lock table schema_migrations in access exclusive mode; create table b ()');
        await unlock();
        await lock('lock table schema_migrations in access exclusive mode');
        equal(await project.refreshIfMoved('passing'), 'silent');
        match(log.at(-1) ?? '', /has locked public\.schema_migrations/);
        await unlock();
        equal(await project.refreshIfMoved('passing'), 'same');
      }));

    it('is given up by an apply, also when the script waits for every lock', () =>
      withDatabase(major, async (url) => {
        const server = await serverOf(major);
        const script = `-- migrate:up\nset lock_timeout = 0;\n${gated};\ncreate table a ();\n-- migrate:down\n`;
        await withWorkspace({ [file]: script }, async ({ engine }) => {
          const project = await projectOf(engine({ target: on(url), shadow: 'embedded' }));
          await withConnection(url, async (other) => {
            await other.query('create table schema_migrations (version varchar primary key)');
            await withGate(
              server.url('postgres'),
              gateOfStatements,
              async (gate) => {
                const applying = project.apply({ which: 'all', snapshot: false, ...consent }, quiet, never);
                await gate.waits();
                await other.query('begin; lock table schema_migrations in access exclusive mode');
                await gate.open();
                await rejects(applying, { code: 'busy' });
              },
              ofTargets,
            );
            await other.query('rollback');
            deepEqual((await other.query(`select from pg_tables where tablename = 'a'`)).rows, []);
          });
        });
      }));
  });

for (const major of Object.values(servers))
  describe(`a dump of a schema of which somebody else has locked a part, PostgreSQL ${major}`, () => {
    for (const sql of ['create table t ()', 'create view w as select 1 as b'])
      it(`is not waited for: ${sql}`, () =>
        withDatabase(major, (url) =>
          withWorkspace(files, ({ engine }) =>
            withConnection(url, async (other) => {
              await other.query(sql);
              const project = await projectOf(engine({ target: on(url), shadow: 'same-server' }));
              const name = sql.split(' ')[2];
              await other.query(`begin; lock table ${name} in access exclusive mode`);
              await rejects(checked(project), { code: 'busy' });
              await other.query('rollback');
              deepEqual(briefly(await checked(project)), []);
            }),
          ),
        ));
  });
