/** Sessions on real servers: answers, every field of a refusal, cancel, time limits, and death in all forms. */
import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict';
import type { Database } from '../../server/engine/database/database';
import { plainParameters } from '../../server/engine/database/parameters';
import { serverDatabase } from '../../server/engine/database/serverDatabase';
import type { Answer, Refusal, RunOptions, Session } from '../../server/engine/database/session';
import { startServer } from '../../server/engine/shadow/privateServer';
import { isFault } from '../support/faults';
import { type Major, binariesOf, serverOf, servers, withDatabase } from '../support/servers';

for (const major of [servers.oldest, servers.newest])
  describe(`a session on Postgres ${major}`, () => {
    it('knows its server', () =>
      withSession(major, async ({ server }, database) => {
        match(server.label, new RegExp(`^PostgreSQL ${major}\\.\\d+$`));
        equal(Math.floor(server.versionNumber / 10_000), major);
        equal(server.user, 'postgres');
        equal(server.database, database.name);
        ok(database.local);
      }));

    it('answers each statement of a text with its tag and rows', () =>
      withSession(major, async (session) => {
        const answer = await session.run(
          'create table t (a int); insert into t values (1), (2); select * from t; delete from t where a = 3',
        );
        deepEqual(answer, {
          kind: 'done',
          commands: [
            { tag: 'CREATE TABLE', rows: null },
            { tag: 'INSERT', rows: 2 },
            { tag: 'SELECT', rows: 2 },
            { tag: 'DELETE', rows: 0 },
          ],
          notices: [],
        });
        deepEqual(await session.run(' -- nothing\n'), { kind: 'done', commands: [], notices: [] });
      }));

    it('gives the rows of all commands, where they are asked for', () =>
      withSession(major, async (session) => {
        const answer = await session.run("select 1, null; select 'x' where false; select 'é'", { withRows: true });
        deepEqual(answer.kind === 'done' && answer.rows, [['1', null], ['é']]);
      }));

    it('asks behind a statement, whatever becomes of it, and tells them apart', () =>
      withSession(major, async (session) => {
        const asked = async (sql: string, options: RunOptions = {}): Promise<unknown> => {
          const { behind, ...answer } = await session.run(sql, { ...options, behind: "select 'there', 1" });
          const said = answer.kind === 'done' ? answer.commands : answer.refusal.sqlState;
          return [said, behind?.answer.kind === 'done' ? behind.answer.rows : behind?.answer.refusal.sqlState];
        };
        await session.run('create table t (a int)');
        deepEqual(await asked('insert into t values (1)'), [[{ tag: 'INSERT', rows: 1 }], [['there', '1']]]);
        const copied = await asked('copy t from stdin', { copyData: '2\n3\n' });
        deepEqual(copied, [[{ tag: 'COPY', rows: 2 }], [['there', '1']]]);
        deepEqual(await asked('select nowhere'), ['42703', [['there', '1']]]);
        await session.run('begin');
        deepEqual(await asked('select nowhere'), ['42703', '25P02']);
        equal(session.transaction, 'failed');
        deepEqual(await asked('rollback'), [[{ tag: 'ROLLBACK', rows: null }], [['there', '1']]]);
        const late = asked('select pg_sleep(20)', { timeoutMs: 50 });
        deepEqual(await Promise.all([late, asked('select 2')]), [
          ['57014', [['there', '1']]],
          [[{ tag: 'SELECT', rows: 1 }], [['there', '1']]],
        ]);
      }));

    it('tells that a limit which met what is asked behind a statement took the statement with its transaction', () =>
      withSession(major, async (session) => {
        const asked = (): Promise<Answer> => {
          const answer = session.run('select 1', { timeoutMs: 20, behind: 'select pg_sleep(20)' });
          holdUp(500);
          return answer;
        };
        const outside = await asked();
        const refused = { sqlState: '57014', message: 'canceling statement due to user request' };
        deepEqual([outside.kind, outside.behind?.answer], ['done', answerOf(refused)]);
        await session.run('begin');
        const { behind, ...inside } = await asked();
        deepEqual(inside, answerOf({ ...refused, message: 'canceling statement due to statement timeout' }));
        deepEqual([behind?.answer, session.transaction], [answerOf(refused), 'failed']);
      }));

    it('takes back a text of several statements when one is refused', () =>
      withSession(major, async (session) => {
        equal((await session.run('create table t (); select nothing')).kind, 'refused');
        deepEqual(await session.rows("select to_regclass('t') as t"), [{ t: null }]);
      }));

    it('gives every field of a refusal', () =>
      withSession(major, async (session) => {
        await session.run(
          'create schema s; create table s.t (a int constraint positive check (a > 0), b int not null)',
        );
        const check = await refusalOf(session, 'insert into s.t values (-1, 2)');
        deepEqual(check, {
          sqlState: '23514',
          message: 'new row for relation "t" violates check constraint "positive"',
          detail: 'Failing row contains (-1, 2).',
          schema: 's',
          table: 't',
          constraint: 'positive',
        });
        equal((await refusalOf(session, 'insert into s.t values (1)')).column, 'b');
        await session.run('create domain posint as int check (value > 0)');
        equal((await refusalOf(session, 'select (-1)::posint')).dataType, 'posint');
        match((await refusalOf(session, 'select lower(1)')).hint ?? '', /explicit type casts/);
      }));

    it('has a statement read without running it', () =>
      withSession(major, async (session) => {
        await session.run('create sequence s; create table t (a int)');
        const parsed = (sql: string) => session.parse?.(sql);
        for (const sql of [
          "select nextval('s')",
          'insert into t values (1)',
          'drop table t',
          "do $$ begin perform nextval('s'); end $$",
          "copy t to program 'false'",
        ])
          equal(await parsed(sql), undefined, sql);
        deepEqual(await session.rows("select to_regclass('t')::text as t, is_called as s from s"), [
          { t: 't', s: false },
        ]);
        deepEqual([(await parsed('select * from nowhere'))?.sqlState, session.transaction], ['42P01', 'idle']);
        deepEqual(await parsed('selct 1'), await refusalOf(session, 'selct 1'));
        await session.run('begin');
        deepEqual([(await parsed('select a'))?.character, session.transaction], [8, 'failed']);
        await session.run('rollback');
        deepEqual(await session.rows('select a from t'), []);
      }));

    it('counts characters, not bytes or UTF-16 units', () =>
      withSession(major, async (session) => {
        const { character } = await refusalOf(session, "select '🐘é', wrong");
        equal(character, Array.from("select '🐘é', ").length + 1);
      }));

    it('tells the place inside a DO block', () =>
      withSession(major, async (session) => {
        const refusal = await refusalOf(session, 'do $$ begin\n perform 1 from nowhere; end $$');
        equal(refusal.sqlState, '42P01');
        equal(refusal.internalQuery?.replaceAll(/\s+/g, ' '), 'SELECT 1 from nowhere');
        equal(refusal.internalCharacter, (refusal.internalQuery ?? '').indexOf('nowhere') + 1);
        match(refusal.where ?? '', /inline_code_block line 2 at PERFORM/);
      }));

    it('collects the notices of the statement that raised them', () =>
      withSession(major, async (session) => {
        const { notices } = await session.run(
          "do $$ begin raise warning 'careful' using detail = 'why', hint = 'how', errcode = '01000'; end $$",
        );
        deepEqual(notices, [
          { severity: 'WARNING', sqlState: '01000', message: 'careful', detail: 'why', hint: 'how' },
        ]);
        deepEqual((await session.run('select 1')).notices, []);
        const refused = await session.run("do $$ begin raise notice 'before'; raise exception 'no'; end $$");
        deepEqual([refused.kind, refused.notices.map(({ message }) => message)], ['refused', ['before']]);
      }));

    it('knows the state of the transaction after each answer', () =>
      withSession(major, async (session) => {
        equal(session.transaction, 'idle');
        await session.run('begin');
        equal(session.transaction, 'open');
        await session.run('select nothing');
        equal(session.transaction, 'failed');
        await rejects(session.rows('select 1'), isFault('refused', /25P02/));
        equal(session.transaction, 'failed');
        await session.run('rollback');
        equal(session.transaction, 'idle');
      }));

    it('feeds COPY from stdin and survives COPY to stdout', () =>
      withSession(major, async (session) => {
        await session.run('create table t (a int, b text)');
        const copyData = Array.from({ length: 30_000 }, (_, index) => `${index}\trow ${index} 🐘\n`).join('');
        deepEqual(await session.run('copy t from stdin', { copyData }), {
          kind: 'done',
          commands: [{ tag: 'COPY', rows: 30_000 }],
          notices: [],
        });
        const out = await session.run('copy t to stdout; select 1');
        deepEqual(out.kind === 'done' && out.commands, [
          { tag: 'COPY', rows: 30_000 },
          { tag: 'SELECT', rows: 1 },
        ]);
        const bad = await refusalOf(session, 'copy t from stdin', { copyData: 'one\ttwo\n' });
        deepEqual([bad.sqlState, bad.where], ['22P02', 'COPY t, line 1, column a: "one"']);
        const without = await session.run('copy t from stdin');
        deepEqual(without.kind === 'done' && without.commands, [{ tag: 'COPY', rows: 0 }]);
        deepEqual(await session.rows('select count(*)::int as n from t'), [{ n: 30_000 }]);
      }));

    it('passes values as parameters', () =>
      withSession(major, async (session) => {
        const rows = await session.rows('select $1::text as t, $2::int as n, $3::text[] as a, $4::jsonb as j', [
          "'; drop table t; --",
          7,
          ['x', 'y"'],
          { k: [1] },
        ]);
        deepEqual(rows, [{ t: "'; drop table t; --", n: 7, a: ['x', 'y"'], j: { k: [1] } }]);
      }));

    it('tells a missing right from other refusals of our own queries', () =>
      withSession(major, async (session) => {
        await session.run('create table t (); create role nobody_here; set role nobody_here');
        await rejects(session.rows('select * from t'), isFault('no-right', /permission denied for table t \(42501\)/));
        await session.run('reset role; drop role nobody_here');
        await rejects(session.rows('select $1::int', ['x']), isFault('refused', /22P02/));
        deepEqual(await session.rows('select 1 as one'), [{ one: 1 }]);
      }));

    it('cancels what runs, and nothing that comes after', () =>
      withSession(major, async (session, database) => {
        await session.run('begin; savepoint s');
        const sleeping = session.run('select pg_sleep(600)');
        const next = session.run("select 'next'");
        await running(database, 'select pg_sleep(600)');
        await session.cancel();
        const answer = await sleeping;
        deepEqual(answer.kind === 'refused' && answer.refusal.sqlState, '57014');
        equal((await next).kind, 'refused');
        equal(session.transaction, 'failed');
        equal((await session.run('rollback to s; select 1')).kind, 'done');
        equal(session.transaction, 'open');
      }));

    it('never lets a late cancel hit the next statement', () =>
      withSession(major, async (session) => {
        await session.run('begin');
        for (let round = 0; round < 60; round++) {
          const short = session.run('select 1');
          await Promise.all([session.cancel(), short]);
          if ((await short).kind === 'refused') await session.run('rollback; begin');
          equal((await session.run('select count(*) from generate_series(1, 20000)')).kind, 'done');
          equal(session.transaction, 'open');
        }
      }));

    it('cancels nothing when nothing runs', () =>
      withSession(major, async (session) => {
        await session.cancel();
        equal((await session.run('select 1')).kind, 'done');
      }));

    it('ends a statement at its time limit', () =>
      withSession(major, async (session) => {
        const refusal = await refusalOf(session, 'do $$ begin loop end loop; end $$', { timeoutMs: 50 });
        deepEqual([refusal.sqlState, refusal.message], ['57014', 'canceling statement due to statement timeout']);
        equal((await session.run('select 1', { timeoutMs: 60_000 })).kind, 'done');
      }));

    it('ends a statement that catches the cancel', () =>
      withSession(major, async (session) => {
        const stubborn = `do $$ begin
            begin perform pg_sleep(600); exception when query_canceled then raise notice 'not yet'; end;
            perform pg_sleep(600);
          end $$`;
        const answer = await session.run(stubborn, { timeoutMs: 500 });
        deepEqual([answer.kind, answer.notices.length], ['refused', 1]);
      }));

    it('ends a statement that catches every cancel by ending its connection', () =>
      withSession(major, async (session) => {
        const endless = `do $$ begin
            loop begin perform pg_sleep(600); exception when query_canceled then null; end; end loop;
          end $$`;
        deepEqual(await session.run(endless, { timeoutMs: 500 }), {
          kind: 'refused',
          refusal: { sqlState: '57014', message: 'canceling statement due to statement timeout' },
          completed: 0,
          notices: [],
        });
        ok(session.lost);
      }));

    it('tells that its backend was ended', () =>
      withSession(major, async (session, database) => {
        const sleeping = session.run('select pg_sleep(600)');
        const queued = session.run('select 1');
        const other = await database.open('read');
        await running(database, 'select pg_sleep(600)');
        await other.run("select pg_terminate_backend(pid) from pg_stat_activity where query = 'select pg_sleep(600)'");
        const lost = isFault('connection-lost', /administrator command \(57P01\)/);
        await Promise.all([rejects(sleeping, lost), rejects(queued, lost)]);
        ok(session.lost);
        await rejects(session.run('select 1'), lost);
        await rejects(session.rows('select 1'), lost);
        await session.cancel();
        await other.close();
      }));

    it('sees the end of an idle connection without a word on the process', () =>
      withSession(major, async (session) => {
        await session.run("set idle_session_timeout = '20ms'");
        await until(() => session.lost);
        await rejects(session.run('select 1'), isFault('connection-lost', /57P05/));
      }));

    it('closes twice, and in the middle of a statement', () =>
      withSession(major, async (session, database) => {
        const sleeping = session.run('select pg_sleep(600)');
        await running(database, 'select pg_sleep(600)');
        await Promise.all([session.close(), session.close()]);
        equal((await sleeping).kind, 'refused');
        await session.close();
        await rejects(session.run('select 1'), isFault('connection-lost', /was closed/));
        const other = await database.open('read');
        const left = "select 1 from pg_stat_activity where query = 'select pg_sleep(600)' and state = 'active'";
        deepEqual(await other.rows(left), []);
        await other.close();
      }));
  });

describe('a server that ends', () => {
  it('is told to the statement in flight and to whoever connects next', async () => {
    const server = await startServer({ binaries: binariesOf(servers.newest) });
    const database = serverDatabase(plainParameters({ ...server, database: 'postgres' }), '');
    const session = await database.open('read');
    const sleeping = session.run('select pg_sleep(600)');
    await running(database, 'select pg_sleep(600)');
    const told = rejects(sleeping, isFault('connection-lost', /postgres@/));
    await server.stop();
    await told;
    await rejects(database.open('read'), isFault('no-server', /there is no socket/));
    await session.close();
  });
});

describe('a server that hangs', () => {
  it('is given up as soon as it does not even take a cancel', async function () {
    if (process.platform === 'win32') this.skip();
    const server = await startServer({ binaries: binariesOf(servers.newest) });
    const database = serverDatabase(plainParameters({ ...server, database: 'postgres' }), '');
    const session = await database.open('read');
    try {
      const sleeping = session.run('select pg_sleep(600)');
      await running(database, 'select pg_sleep(600)');
      // What listens is stopped; the system goes on taking connections for it.
      process.kill(server.pid, 'SIGSTOP');
      const told = rejects(sleeping, isFault('connection-lost', /takes no request to cancel/));
      await Promise.all([session.cancel(), told]);
    } finally {
      process.kill(server.pid, 'SIGCONT');
      await session.close();
      await server.stop();
    }
  });
});

async function withSession(major: Major, use: (session: Session, database: Database) => Promise<void>): Promise<void> {
  const { host, port, user, password } = await serverOf(major);
  await withDatabase(major, async (url) => {
    const name = url.slice(url.lastIndexOf('/') + 1);
    const database = serverDatabase(plainParameters({ host, port, user, password, database: name }), '');
    const session = await database.open('write');
    try {
      await use(session, database);
    } finally {
      await session.close();
    }
  });
}

const answerOf = (refusal: Refusal): Answer => ({ kind: 'refused', refusal, completed: 0, notices: [] });

/** The process is busy with something else: answers arrive, and timers that are due meanwhile go before them. */
function holdUp(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

async function refusalOf(session: Session, ...call: Parameters<Session['run']>): Promise<Refusal> {
  const answer = await session.run(...call);
  if (answer.kind === 'done') throw new Error(`${call[0]} was not refused`);
  return answer.refusal;
}

/** Resolves when the server runs this text. */
async function running(database: Database, sql: string): Promise<void> {
  const observer = await database.open('read');
  const query = "select 1 from pg_stat_activity where query = $1 and state = 'active' and wait_event = 'PgSleep'";
  await until(async () => (await observer.rows(query, [sql])).length > 0);
  await observer.close();
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setImmediate(resolve));
}
