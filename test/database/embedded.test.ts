/** The embedded Postgres: answers like a server's, a state in one file that survives any death, and no silent failure. */
import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, watch, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unfinishedSuffix } from '../../server/engine/base/durable';
import { type EmbeddedDatabase, embeddedDatabase } from '../../server/engine/database/embedded';
import type { EmbeddedSession } from '../../server/engine/database/embeddedSession';
import { plainParameters } from '../../server/engine/database/parameters';
import { serverDatabase } from '../../server/engine/database/serverDatabase';
import type { Refusal } from '../../server/engine/database/session';
import { bundled } from '../support/bundled';
import { isFault } from '../support/faults';
import { serverOf, servers, withDatabase } from '../support/servers';

/** Made by `npm run build`. */
const assets = join(__dirname, '../../dist');
const inMemory = embeddedDatabase({ file: undefined, assets, label: 'embedded', name: 'test' });

describe('a session on the embedded Postgres', () => {
  let session: EmbeddedSession;
  before(async () => {
    ok(existsSync(join(assets, 'embedded.js')), 'run npm run build first');
    session = await inMemory.open('read');
  });
  after(() => session.close());
  beforeEach(async () => {
    await session.run('rollback; reset role; reset search_path');
    await session.run('drop schema public cascade; create schema public; grant usage on schema public to public');
  });

  it('knows itself', () => {
    match(session.server.label, /^PGlite \(PostgreSQL \d+\.\d+\)$/);
    equal(session.server.engine, 'embedded');
    ok(session.server.versionNumber >= 180_000);
  });

  it('has the settings of a fresh server', async () => {
    const settings =
      "select current_setting('search_path') as path, current_setting('allow_system_table_mods') as mods";
    deepEqual(await session.rows(settings), [{ path: '"$user", public', mods: 'off' }]);
  });

  it('answers each statement, with its notices', async () => {
    const answer = await session.run(
      "create table t (a int); insert into t values (1), (2); do $$ begin raise notice 'hi' using hint = 'how'; end $$",
    );
    deepEqual(answer, {
      kind: 'done',
      commands: [
        { tag: 'CREATE TABLE', rows: null },
        { tag: 'INSERT', rows: 2 },
        { tag: 'DO', rows: null },
      ],
      notices: [{ severity: 'NOTICE', sqlState: '00000', message: 'hi', hint: 'how' }],
    });
    deepEqual(await session.run(''), { kind: 'done', commands: [], notices: [] });
  });

  it('gives rows where they are asked for, and asks behind a statement', async () => {
    const { behind, ...answer } = await session.run('select 1, null', { withRows: true, behind: "select 'there'" });
    deepEqual(answer.kind === 'done' && answer.rows, [['1', null]]);
    deepEqual(behind?.answer.kind === 'done' && behind.answer.rows, [['there']]);
  });

  it('gives every field of a refusal', async () => {
    await session.run('create table t (a int constraint positive check (a > 0))');
    deepEqual(await refusalOf(session, 'insert into t values (-1)'), {
      sqlState: '23514',
      message: 'new row for relation "t" violates check constraint "positive"',
      detail: 'Failing row contains (-1).',
      schema: 'public',
      table: 't',
      constraint: 'positive',
    });
    equal((await refusalOf(session, "select '🐘é', wrong")).character, Array.from("select '🐘é', ").length + 1);
    const inside = await refusalOf(session, 'do $$ begin\n perform 1 from nowhere; end $$');
    equal(inside.internalCharacter, (inside.internalQuery ?? '').indexOf('nowhere') + 1);
    match(inside.where ?? '', /inline_code_block line 2/);
  });

  it('knows the state of the transaction', async () => {
    await session.run('begin');
    equal(session.transaction, 'open');
    await session.run('select nothing');
    equal(session.transaction, 'failed');
    await session.run('rollback');
    equal(session.transaction, 'idle');
  });

  it('feeds COPY from stdin and survives COPY to stdout', async () => {
    await session.run('create table t (a int, b text)');
    const copyData = Array.from({ length: 5_000 }, (_, index) => `${index}\trow ${index} 🐘\n`).join('');
    const fed = await session.run('copy t from stdin; select 1', { copyData });
    deepEqual(fed.kind === 'done' && fed.commands, [
      { tag: 'COPY', rows: 5_000 },
      { tag: 'SELECT', rows: 1 },
    ]);
    const out = await session.run('copy t to stdout; select 1');
    deepEqual(out.kind === 'done' && out.commands.map(({ rows }) => rows), [5_000, 1]);
    equal((await refusalOf(session, 'copy t from stdin', 'one\ttwo\n')).where, 'COPY t, line 1, column a: "one"');
    equal((await session.run('copy t from stdin')).kind, 'done');
    deepEqual(await session.rows('select count(*)::int as n from t'), [{ n: 5_000 }]);
  });

  it('gives rows as a server does', () =>
    withDatabase(servers.newest, async (url) => {
      const server = await serverOf(servers.newest);
      const database = serverDatabase(plainParameters({ ...server, database: url.split('/').at(-1)! }), assets);
      const reference = await database.open('read');
      const query = `select $1::text as t, $2::int as i, $3::text[] as a, $4::jsonb as j, $5::timestamptz as d, $6::bool as b,
        1::bigint as big, 1.50::numeric as n, null::text as nothing, '\\x00ff'::bytea as bytes, $7::bytea as given`;
      const values = ["it's", 7, ['x', 'y"\\', null], { k: [1] }, new Date(0), true, Buffer.from([1, 255])];
      deepEqual(await session.rows(query, values), await reference.rows(query, values));
      await reference.close();
    }));

  it('refuses our own queries with the same faults', async () => {
    await rejects(session.rows('select $1::int', ['x']), isFault('refused', /22P02/));
    await session.run('create table t (); create role nobody_here; set role nobody_here');
    await rejects(session.rows('select * from t'), isFault('no-right', /42501/));
    await session.run('reset role; drop role nobody_here');
  });

  it('has the contrib extensions when they are asked for', async () => {
    const text = `create extension pg_trgm; create extension if not exists "uuid-ossp";
      create extension earthdistance cascade; create extension moddatetime`;
    equal((await session.run(text)).kind, 'done');
    const use = "select similarity('word', 'words') > 0 as similar, length(uuid_generate_v4()::text) as uuid";
    deepEqual(await session.rows(use), [{ similar: true, uuid: 36 }]);
    equal((await refusalOf(session, 'create extension postgis')).sqlState, '0A000');
  });

  it('has pgvector and other extensions that come in packages of their own', async () => {
    const apart = await inMemory.open('read');
    for (const text of [
      `create extension vector; create table items (at vector(3)); insert into items values ('[1,2,3]'), ('[9,9,9]')`,
      'create index on items using hnsw (at vector_l2_ops)',
      'create extension pg_uuidv7; create extension pg_hashids; create extension pgtap',
      'create extension pg_ivm; create table base (n int)',
      `select pgivm.create_immv('kept', 'select n from base'); insert into base values (1)`,
      // As its manual has it, its catalog has to be in the search path.
      `create extension age; set search_path = ag_catalog, public; select create_graph('roads')`,
      'reset search_path',
    ])
      deepEqual([text, (await apart.run(text)).kind], [text, 'done']);
    const use = `select (select count(*)::int from items where at <-> '[1,2,3]' < 1) as near, id_encode(1) <> '' as hash,
      uuid_generate_v7() is not null as uuid, (select count(*)::int from kept) as kept`;
    deepEqual(await apart.rows(use), [{ near: 1, hash: true, uuid: true, kept: 1 }]);
    await apart.restore(await apart.save());
    deepEqual(await apart.rows(use), [{ near: 1, hash: true, uuid: true, kept: 1 }]);
    await apart.close();
  });

  it('refuses what is nested too deeply, and goes on', async () => {
    const refusal = await refusalOf(
      session,
      `create function deep(n int) returns int language plpgsql as 'begin return deep(n + 1); end'; select deep(1)`,
    );
    equal(refusal.sqlState, '54001');
    equal((await refusalOf(session, `select 1${'+1'.repeat(200_000)}`)).sqlState, '54001');
    deepEqual(await session.rows('select 1 as one'), [{ one: 1 }]);
  });

  it('can be saved and restored, extensions and all', async () => {
    await session.run('create table t (a int); insert into t values (1); create extension citext');
    const copy = await session.save();
    await session.run('drop table t; drop extension citext cascade; set search_path = nowhere; begin');
    await session.restore(copy);
    equal(session.transaction, 'idle');
    deepEqual(await session.rows("select a, 'A'::citext = 'a' as same from t"), [{ a: 1, same: true }]);
    await session.run('insert into t values (2)');
    await session.restore(copy);
    deepEqual(await session.rows('select count(*)::int as n from t'), [{ n: 1 }]);
    await session.forget(copy);
    await rejects(session.restore(copy), /no such copy/);
  });

  it('can be dumped in the middle of a transaction, and shows no trace of it', async () => {
    await session.run(`set search_path = ''; prepare mine as select 1; begin; create table public."T""é" (a int)`);
    const state = `select current_setting('search_path') as path, current_setting('DateStyle') as style,
      (select array_agg(name) from pg_prepared_statements) as prepared, (select count(*)::int from pg_locks) as locks`;
    const before = await session.rows(state);
    const dump = await session.dump();
    match(dump, /CREATE TABLE public\."T""é"/);
    deepEqual(await session.rows(state), before);
    equal(session.transaction, 'open');
    await session.run('select nothing');
    await rejects(session.dump(), isFault('refused', /failed transaction/));
    await session.run('rollback; reset search_path; deallocate mine');
    equal((await session.dump()).includes('CREATE TABLE'), false);
  });

  it('dumps what another can restore', async () => {
    await session.run(`create type mood as enum ('fine'); create table t (a mood, b text default '
\\restrict');
      create view v as select * from t`);
    const dump = await session.dump();
    const other = await inMemory.open('read');
    equal((await other.run(dump)).kind, 'done');
    equal(await other.dump(), dump);
    await other.close();
  });
});

describe('a runaway statement', () => {
  it('ends at its time limit, and its session with it', async () => {
    const session = await inMemory.open('read');
    const refusal = await refusalOf(session, 'do $$ begin loop end loop; end $$', undefined, 100);
    equal(refusal.sqlState, '57014');
    ok(session.lost);
    await rejects(session.run('select 1'), isFault('connection-lost', /embedded/));
    await session.close();
  });

  it('ends when it is cancelled', async () => {
    const session = await inMemory.open('read');
    await session.cancel();
    const running = session.run('do $$ begin loop end loop; end $$');
    const queued = session.run('select 1');
    await session.cancel();
    const answer = await running;
    equal(answer.kind === 'refused' && answer.refusal.sqlState, '57014');
    await rejects(queued, isFault('connection-lost', /embedded/));
    await session.close();
    await session.close();
  });
});

describe('the file of an embedded database', () => {
  let folder: string;
  let database: EmbeddedDatabase;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'rehearsal-embedded-'));
    file = join(folder, 'deep', 'shop.db');
    database = embeddedDatabase({ file, assets, label: 'embedded', name: 'shop' });
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('keeps what a session for writing did, and nothing of one for reading', async () => {
    await within('write', (session) => session.run('create table t (a int); insert into t values (1)'));
    await within('read', (session) => session.run('insert into t values (2)'));
    deepEqual(await count(), [{ n: 1 }]);
    deepEqual(readdirSync(join(folder, 'deep')), ['shop.db']);
    match(await database.dump(), /CREATE TABLE public\.t/);
  });

  it('is not there before something was kept', async () => {
    await within('read', (session) => session.run('create table t ()'));
    equal(existsSync(file), false);
  });

  it('is kept in the middle of a session, and without an unfinished transaction', async () => {
    const session = await database.open('write');
    await session.run('create table t (a int)');
    await session.keep();
    deepEqual(await count(), [{ n: 0 }]);
    await session.run('begin; insert into t values (1)');
    await rejects(session.keep(), /middle of a transaction/);
    await session.close();
    deepEqual(await count(), [{ n: 0 }]);
  });

  it('has one writer, and says who it is', async () => {
    const session = await database.open('write');
    await rejects(database.open('write'), isFault('locked', new RegExp(`process ${process.pid} has `)));
    await (await database.open('read')).close();
    await session.close();
    await (await database.open('write')).close();
  });

  it('loses its lock with a lost session', async () => {
    const session = await database.open('write');
    await session.run('do $$ begin loop end loop; end $$', { timeoutMs: 50 });
    await (await database.open('write')).close();
    await session.close();
  });

  it('is as before or as after when the writer is killed, and its lock is taken over', async () => {
    await within('write', (session) => session.run('create table t (a int)'));
    let kept = 0;
    for (const moment of ['ran', 'writing', 'closed'] as const) {
      const writing = moment === 'writing' ? unfinishedFile(join(folder, 'deep')) : undefined;
      const writer = startWriter('insert into t values (1)');
      await (writing ?? saying(writer, moment === 'ran' ? 'done' : 'closed'));
      writer.kill('SIGKILL');
      await once(writer, 'exit');
      const [{ n } = { n: -1 }] = await within('write', (session) => session.rows<{ n: number }>(countRows));
      ok(n === kept || (n === kept + 1 && moment !== 'ran'), `${moment}: ${n} after ${kept}`);
      if (moment === 'closed') equal(n, kept + 1);
      kept = n;
    }
  });

  it('stays as it was when the disk is full', async () => {
    await within('write', (session) => session.run('create table t (a int)'));
    const before = readFileSync(file);
    const writer = startWriter('insert into t select generate_series(1, 100000)', 'ulimit -f 1000; ');
    match(await saying(writer, 'disk is full'), /disk is full/);
    await once(writer, 'exit');
    ok(readFileSync(file).equals(before));
    equal(statSync(file).size, before.length);
    deepEqual(readdirSync(join(folder, 'deep')), ['shop.db']);
  });

  it('is told to be unwritable or unreadable', async () => {
    writeFileSync(join(folder, 'plain'), 'not a folder');
    const inside = embeddedDatabase({
      file: join(folder, 'plain', 'shop.db'),
      assets,
      label: 'embedded',
      name: 'shop',
    });
    await rejects(inside.open('write'), isFault('not-writable', /plain/));
    const damaged = embeddedDatabase({ file: join(folder, 'plain'), assets, label: 'embedded', name: 'shop' });
    await rejects(damaged.open('read'), isFault('not-readable', /no embedded database/));
    await rejects(damaged.open('write'), isFault('not-readable', /no embedded database/));
    equal(existsSync(join(folder, 'plain.lock')), false);
  });

  async function within<T>(purpose: 'read' | 'write', use: (session: EmbeddedSession) => Promise<T>): Promise<T> {
    const session = await database.open(purpose);
    try {
      return await use(session);
    } finally {
      await session.close();
    }
  }

  const count = (): Promise<readonly { n: number }[]> =>
    within('read', (session) => session.rows<{ n: number }>(countRows));

  function startWriter(sql: string, before = ''): ChildProcess {
    const program = [process.execPath, bundled(join(__dirname, '../support/embeddedWriter.ts')), file, assets, sql];
    const quoted = program.map((it) => `'${it.replaceAll("'", "'\\''")}'`).join(' ');
    return spawn('sh', ['-c', `${before}exec ${quoted}`], { stdio: ['ignore', 'pipe', 'inherit'] });
  }
});

/** Resolves with all that the process wrote, as soon as it holds these words. */
async function saying(child: ChildProcess, words: string): Promise<string> {
  let said = '';
  for await (const chunk of child.stdout!) {
    said += String(chunk);
    if (said.includes(words)) return said;
  }
  throw new Error(`${words} was not said, but: ${said}`);
}

async function refusalOf(
  session: EmbeddedSession,
  sql: string,
  copyData?: string,
  timeoutMs?: number,
): Promise<Refusal> {
  const answer = await session.run(sql, { ...(copyData ? { copyData } : {}), ...(timeoutMs ? { timeoutMs } : {}) });
  if (answer.kind === 'done') throw new Error(`${sql} was not refused`);
  return answer.refusal;
}

const countRows = 'select count(*)::int as n from t';

/** Resolves when a file in the folder is being written. */
function unfinishedFile(folder: string): Promise<void> {
  return new Promise((resolve) => {
    const watcher = watch(folder, (_, name) => {
      if (!name?.endsWith(unfinishedSuffix)) return;
      watcher.close();
      resolve();
    });
  });
}
