/** Cases: what is said about bodies of functions and DO blocks, on every major of Postgres and the embedded one. */
import { deepEqual, equal } from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { embeddedDatabase } from '../../server/engine/database/embedded';
import type { Session } from '../../server/engine/database/session';
import type { Finding } from '../../server/engine/project';
import { bodyFinding, breakFinding, missesUnmade } from '../../server/engine/rehearsal/bodies/bodyFindings';
import { brokenRoutines, routinesAtRisk, stillBroken } from '../../server/engine/rehearsal/bodies/broken';
import type { BrokenRoutine } from '../../server/engine/rehearsal/bodies/problem';
import { checkBody } from '../../server/engine/rehearsal/bodies/checkBody';
import type { PlacedOutcome } from '../../server/engine/rehearsal/outcome';
import { type PrivateServer, startServer } from '../../server/engine/shadow/privateServer';
import { loadParser, shapeOf } from '../../server/engine/sql/parse';
import { statementsOf } from '../../server/engine/sql/scan';
import { describeCases, parseFixture, renderFixture } from '../support/fixture';
import { majors, servers, withDatabase } from '../support/servers';
import { withSession } from '../support/session';

const limits = { statementMs: 5_000 };

for (const major of majors) {
  describe(`bodies on PostgreSQL ${major}`, () => {
    before(loadParser);
    describeCases('bodies', (source) =>
      withDatabase(major, (url) => withSession(url, (session) => checkFixture(source, session))),
    );
  });
}

describe('a check of bodies', () => {
  before(loadParser);

  const rows = `create function rows() returns setof int language plpgsql set search_path = pg_catalog as $$
    declare r record; begin call nothing(); return query select 'x'; for r in select 1 as a loop perform r.b; end loop; end $$`;

  const refusedIn = async (session: Session, sql: string) => {
    const [statement] = statementsOf(sql);
    if (!statement) throw new Error('no statement');
    const problems = await checkBody(session, statement, shapeOf(sql), limits);
    return problems.map(({ range, refusal }) => `${refusal.sqlState} ${sql.slice(range.start, range.end)}`);
  };

  it('leaves the session as it was, outside of a transaction and in one', () =>
    withDatabase(servers.newest, (url) =>
      withSession(url, async (session) => {
        const state = `select pg_catalog.current_setting('search_path') as path, pg_catalog.count(*)::int as routines
          from pg_catalog.pg_proc where pronamespace::pg_catalog.regnamespace::text !~ '^(pg_catalog|information_schema)$'`;
        await session.run(rows);
        const before = await session.rows(state);
        const expected = ['42883 nothing', "42804 'x'", '42703 r.b'];
        deepEqual(await refusedIn(session, rows), expected);
        equal(session.transaction, 'idle');
        await session.run('begin');
        deepEqual(await refusedIn(session, rows), expected);
        equal(session.transaction, 'open');
        deepEqual(await session.rows(state), before);
        await session.run('nonsense');
        deepEqual(await refusedIn(session, rows), []);
      }),
    ));

  it('tells when what a body misses was not made because its statement did not run', () => {
    const outcome = (sql: string, kind: 'ran' | 'ended'): PlacedOutcome => {
      const statement = { text: sql, range: { start: 0, end: sql.length }, kind: 'sql' } as const;
      const common = { statement, shape: shapeOf(sql), path: 'one' };
      return kind === 'ran' ? { ...common, kind, ms: 0, notices: [] } : { ...common, kind, message: 'gone' };
    };
    const problem = {
      kind: 'refused',
      range: { start: 0, end: 1 },
      refusal: { sqlState: '42P01', message: 'relation "app.orders" does not exist' },
    } as const;
    equal(missesUnmade(problem, [outcome('create table app.orders (id int)', 'ended')]), true);
    equal(missesUnmade(problem, [outcome('create extension postgis', 'ended')]), true);
    equal(missesUnmade(problem, [outcome('create table app.users (id int)', 'ended')]), false);
    equal(missesUnmade(problem, [outcome('create table app.orders (id int)', 'ran')]), false);
  });

  it('knows nothing of a routine that is not there', () =>
    withDatabase(servers.newest, (url) =>
      withSession(url, async (session) => deepEqual(await refusedIn(session, rows), [])),
    ));
});

describe('bodies on the embedded Postgres', () => {
  const inMemory = embeddedDatabase({
    file: undefined,
    assets: join(__dirname, '../../dist'),
    label: 'embedded',
    name: 'test',
  });
  let session: Session;
  before(async () => {
    await loadParser();
    session = await inMemory.open('read');
  });
  after(() => session.close());
  describeCases('bodies', (source) => checkFixture(source, session));
});

/** Debian's package postgresql-15-plpgsql-check; no package of npm has the extension. */
const debian = { binaries: '/usr/lib/postgresql/15/bin', extension: '/usr/share/postgresql/15/extension' };

if (existsSync(join(debian.extension, 'plpgsql_check.control')))
  describe('bodies on a server that has plpgsql_check', () => {
    let server: PrivateServer;
    before(async () => {
      await loadParser();
      server = await startServer({ binaries: debian.binaries, tcp: true });
    });
    after(() => server.stop());
    describeCases('bodies', (source) => {
      const { user, password, host, port } = server;
      return withSession(`postgres://${user}:${password}@${host}:${port}/postgres`, (session) =>
        checkFixture(source, session),
      );
    });
  });

/** Every file is a script; all of them run in one transaction, which is rolled back. */
async function checkFixture(source: string, session: Session): Promise<string> {
  const { files } = parseFixture(source);
  const earlier: PlacedOutcome[] = [];
  const rendered = [];
  await session.run('begin');
  try {
    for (const file of files)
      rendered.push({ ...file, marks: marksOf(await check(session, file.name, file.text, earlier)) });
    return renderFixture(rendered);
  } finally {
    await session.run('rollback');
  }
}

/** As a runner is to do it: DO blocks at once, functions at the end, what is broken before, after and at the end. */
async function check(session: Session, path: string, text: string, earlier: PlacedOutcome[]): Promise<Finding[]> {
  const findings: Finding[] = [];
  const broken: { readonly by: PlacedOutcome; readonly routine: BrokenRoutine; readonly before: PlacedOutcome[] }[] =
    [];
  const outcomes: PlacedOutcome[] = [];
  for (const statement of statementsOf(text)) {
    const shape = shapeOf(statement.text);
    const risk = await routinesAtRisk(session, statement, shape, limits);
    const answer = await session.run(statement.text);
    if (answer.kind === 'refused') throw new Error(`${answer.refusal.message}: ${statement.text}`);
    const outcome: PlacedOutcome = { kind: 'ran', statement, shape, ms: 0, notices: [], path };
    if (shape.node === 'DoStmt')
      findings.push(...(await checkBody(session, statement, shape, limits)).map(bodyFinding));
    for (const routine of risk ? await brokenRoutines(session, risk, limits) : [])
      broken.push({ by: outcome, routine, before: [...earlier, ...outcomes] });
    outcomes.push(outcome);
  }
  const still = await stillBroken(
    session,
    broken.map(({ routine }) => routine),
    limits,
  );
  for (const { by, routine, before } of broken)
    if (still.includes(routine)) findings.push(breakFinding(by.statement, routine, before));
  for (const { statement, shape } of outcomes)
    if (shape.node === 'CreateFunctionStmt')
      findings.push(...(await checkBody(session, statement, shape, limits)).map(bodyFinding));
  earlier.push(...outcomes);
  return findings;
}

const marksOf = (findings: readonly Finding[]) =>
  findings.map(({ range, severity, sqlState, message, related = [] }) => ({
    range,
    says: `${severity} ${sqlState} ${message}${related.map((it) => ` [${it.path}: ${it.message}]`).join('')}`,
  }));
