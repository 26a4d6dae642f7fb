/** golang-migrate's options in the URL of the target: rehearsals obey them, and what is applied does. */
import { deepEqual, equal, match } from 'node:assert/strict';
import type { ApplyResult, Project } from '../../server/engine/project';
import { withSession } from '../support/session';
import { binariesOf, type Major, servers, withDatabase } from '../support/servers';
import { briefly, checked, never, on, projectOf, withWorkspace } from './support';

const file = 'migrations/000001_x.up.sql';

/** A project of one migration, on a database whose URL has these options. */
const withProject = (
  major: Major,
  options: string,
  sql: string,
  use: (project: Project, url: string) => Promise<void>,
): Promise<void> =>
  withDatabase(major, (url) =>
    withWorkspace({ [file]: sql }, async ({ engine }) => {
      const target = on(`${url.replace('postgres:', 'pgx5:')}?${options}`);
      await use(await projectOf(engine({ target, binaries: [binariesOf(major)] })), url);
    }),
  );

const applied = (project: Project): Promise<ApplyResult> =>
  project.apply({ which: 'all', snapshot: false, disconnect: false }, () => {}, never);

async function refusalOf(project: Project): Promise<Extract<ApplyResult, { kind: 'refused' }>> {
  const result = await applied(project);
  if (result.kind !== 'refused') throw new Error(`expected a refusal, was ${JSON.stringify(result)}`);
  return result;
}

const relations = (url: string): Promise<readonly string[]> =>
  withSession(url, async (session) => {
    const rows = await session.rows<{ name: string }>(
      `select c.oid::regclass::text as name from pg_class c join pg_namespace n on n.oid = relnamespace
        where relkind in ('r', 'i') and nspname !~ '^pg_|information_schema|public' order by 1`,
    );
    return rows.map(({ name }) => name);
  });

/** Needs a session that lasts, a transaction of its own, and one statement outside of any. */
const inPieces = `create schema shop;
set search_path = shop;
begin;
create table one (id int);
commit; -- so that it is there
create index concurrently one_id on one (id);
`;

const torn = `create schema shop;
create function shop.f() returns int language plpgsql as $$ begin
  return 1; end $$;
create table shop.one (id int);
`;

for (const major of Object.values(servers)) {
  describe(`x-multi-statement on PostgreSQL ${major}`, () => {
    it('runs each piece by itself, in one session', () =>
      withProject(major, 'x-multi-statement=true', inPieces, async (project, url) => {
        deepEqual(briefly(await checked(project)), []);
        equal((await applied(project)).kind, 'done');
        deepEqual(await relations(url), ['shop.one', 'shop.one_id']);
        const { migrations, blocked } = await project.status();
        deepEqual([migrations.map(({ state }) => state), blocked], [['applied'], undefined]);
      }));

    it('is off when it is not said: the file is one message', () =>
      withProject(major, 'x-multi-statement=false', inPieces, async (project, url) => {
        const [concurrently] = (await checked(project)).findings;
        equal(concurrently?.sqlState, '25001');
        equal((await refusalOf(project)).finding.sqlState, '25001');
        deepEqual(await relations(url), ['shop.one']);
      }));

    it('tears a body apart as the tool does', () =>
      withProject(major, 'x-multi-statement=true', torn, async (project, url) => {
        const { findings } = await checked(project);
        deepEqual(
          findings.map(
            ({ sqlState, message, range }) => `${sqlState} ${message} | ${torn.slice(range.start, range.end)}`,
          ),
          [
            '42601 unterminated dollar-quoted string at or near "$$ begin\n  return 1;" | $$ begin\n  return 1;',
            '42601 unterminated dollar-quoted string at or near "$$;" | $$;',
          ],
        );
        const { finding, state } = await refusalOf(project);
        deepEqual([finding.message, finding.range], [findings[0]?.message, findings[0]?.range]);
        match(
          state,
          /^Of the 4 statements of 1, number 1 took effect and stays; the others did not\. .*marked version 1 dirty/,
        );
        deepEqual(await relations(url), []);
      }));
  });
}

describe('x-statement-timeout', () => {
  const slow = 'create schema shop; create table shop.one (id int);\nselect pg_sleep(1.2);\nselect pg_sleep(1.2);\n';
  const timeout = 'x-statement-timeout=2000';

  it('is the time of a message: of a whole file', () =>
    withProject(servers.newest, timeout, slow, async (project, url) => {
      equal((await refusalOf(project)).finding.sqlState, '57014');
      deepEqual(await relations(url), []);
    }));

  it('is the time of a message: of a piece', () =>
    withProject(servers.newest, `${timeout}&x-multi-statement=true`, slow, async (project, url) => {
      equal((await applied(project)).kind, 'done');
      deepEqual(await relations(url), ['shop.one']);
    }));

  it('is told by a rehearsal where it is too short even for that', () =>
    withProject(servers.newest, 'x-statement-timeout=50', 'select pg_sleep(20);', async (project) => {
      deepEqual(
        (await checked(project)).findings.map(({ severity, code }) => `${severity} ${code}`),
        ['warning statement-timeout'],
      );
    }));
});
