/** Dumps by pg_dump in WebAssembly, judged by restoring them and dumping again. */
import { deepEqual, doesNotMatch, equal, match, ok, rejects } from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Fault } from '../../server/engine/base/fault';
import type { Database } from '../../server/engine/database/database';
import { plainParameters } from '../../server/engine/database/parameters';
import { quoteIdentifier } from '../../server/engine/database/quote';
import { serverDatabase } from '../../server/engine/database/serverDatabase';
import type { Session } from '../../server/engine/database/session';
import { loadDump } from '../../server/engine/snapshots/dumpFile';
import { isFault } from '../support/faults';
import { type Major, asAdmin, serverOf, servers } from '../support/servers';
import { wholeDump } from '../support/wholeDump';

/** Made by `npm run build`. */
const assets = join(__dirname, '../../dist');

const schema = `
  create schema "Odd ""schema"" é";
  create type "Odd ""schema"" é"."Mood 🐘" as enum ('happy', 'it''s fine');
  create table "Odd ""schema"" é"."ta""ble" (
    "iD" bigint generated always as identity primary key,
    mood "Odd ""schema"" é"."Mood 🐘" default 'happy',
    "text" text check ("text" <> 'no\\pe'),
    doubled int generated always as (length("text") * 2) stored
  );
  create index on "Odd ""schema"" é"."ta""ble" (lower("text")) where mood is not null;
  create view "Odd ""schema"" é".v as select "iD", doubled from "Odd ""schema"" é"."ta""ble";
  create function "Odd ""schema"" é".f() returns text language plpgsql as $body$
  begin
    -- \\restrict me not
    return $$dollar$$;
  end $body$;
  comment on table "Odd ""schema"" é"."ta""ble" is 'line one
SET transaction_timeout = 0;
\\restrict this is data
\\unrestrict this too';
`;

const rows = `
  insert into "Odd ""schema"" é"."ta""ble" ("text")
    select 'row ' || n || E'\\n\\\\restrict line\\n''quoted'' \\\\ 🐘' from generate_series(1, 1200) n;
  insert into "Odd ""schema"" é"."ta""ble" (mood, "text")
    values (null, null), ('it''s fine', E'\\\\.\\n\\\\.'), (null, repeat('長い', 50000));
  create table flags (flag bool, "FROM ONLY x" int, "a, ""b""" int);
  insert into flags values (true, 1, 2), (null, null, 3);
  create table "two
INSERT INTO lines" ("a
b" int); insert into "two
INSERT INTO lines" values (7);
  create table nothing (); insert into nothing default values;
  create table computed (one int generated always as (1) stored); insert into computed default values;
  create table parts (id int, kind text) partition by list (kind);
  create table part partition of parts for values in ('a'); create table other_part partition of parts default;
  insert into parts values (1, 'a'), (2, 'b');
  create table untouched (id serial); select nextval('untouched_id_seq'), nextval('untouched_id_seq');
  create materialized view counted as select count(*) from flags;
  select lo_from_bytea(4711, decode(repeat('00ff', 20000), 'hex'));
`;

for (const major of [servers.oldest, servers.newest])
  describe(`a dump of Postgres ${major}`, () => {
    it('restores to the same schema', () =>
      withTwo(major, async (from, to) => {
        await run(from, schema);
        const dump = await from.dump();
        match(dump, /CREATE TABLE "Odd ""schema"" é"\."ta""ble"/);
        await run(to, dump);
        equal(await to.dump(), dump);
        doesNotMatch(dump, /INSERT INTO/);
      }));

    it('restores with every row, also rows that look like lines of psql', () =>
      withTwo(major, async (from, to) => {
        await run(from, schema + rows);
        const dump = await wholeDump(from);
        const load = (text: string): Promise<void> =>
          within(to, (session) => loadDump(session, inSmallPieces(text), new AbortController().signal));
        await rejects(load(`${dump}select nothing;`), isFault('refused'));
        deepEqual(await query(to, `select to_regclass('flags')::text as flags`), [{ flags: null }]);
        await load(dump);
        equal(await wholeDump(to), dump);
        const content = `select t."text", t.mood::text from "Odd ""schema"" é"."ta""ble" t order by "iD"`;
        const [before, after] = [await query(from, content), await query(to, content)];
        equal(before.length, 1203);
        deepEqual(after, before);
        const comment = `select obj_description('"Odd ""schema"" é"."ta""ble"'::regclass) as text`;
        deepEqual(await query(to, comment), await query(from, comment));
      }));

    it('tells of no value of a row when it is refused', () =>
      withTwo(major, async (_, to) => {
        const rows = 'COPY public.t (id) FROM stdin;\n4711\n4711\n\\.\n';
        const refused: [string, RegExp][] = [
          [
            `create table t (id int unique);\n${rows}`,
            /public\.t does not take the rows: duplicate key value .* "t_id_key" \(23505\)\. Mend/,
          ],
          [`create table t (id int unique deferrable initially deferred);\n${rows}`, /"t_id_key" \(23505\)\. Mend/],
          [`create table t (id int);\n${rows}create unique index t_id on t (id);`, /"t_id" \(23505\)\. Mend/],
        ];
        for (const [dump, words] of refused)
          await within(to, (session) =>
            rejects(loadDump(session, inSmallPieces(dump), new AbortController().signal), isFault('refused', words)),
          );
      }));

    it('says which right is missing', () =>
      withTwo(major, async (from) => {
        const server = await serverOf(major);
        await run(from, "create table secret (); create role snoop login password 'x'");
        const as = plainParameters({ ...server, user: 'snoop', password: 'x', database: from.name });
        await rejects(serverDatabase(as, assets).dump(), (error) => {
          ok(error instanceof Fault);
          equal(error.code, 'no-right');
          match(
            error.message,
            /could not be dumped: query failed: ERROR: +permission denied for table secret\. Query was: LOCK/,
          );
          return true;
        });
        await run(from, 'drop role snoop');
      }));

    it('stops when it is cancelled, and leaves no query behind', () =>
      withTwo(major, async (from) => {
        await run(from, 'create table t ()');
        const locker = await from.open('write');
        await locker.run('begin; lock table t');
        const stop = new AbortController();
        const dumping = from.dump(stop.signal);
        const stopped = rejects(dumping, { name: 'AbortError' });
        const waiting =
          "select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()";
        const observer = await from.open('read');
        await until(async () => (await observer.rows(waiting)).length > 0);
        stop.abort();
        await stopped;
        await until(async () => (await observer.rows(waiting)).length === 0);
        await Promise.all([locker.close(), observer.close()]);
        await rejects(from.dump(AbortSignal.abort()), { name: 'AbortError' });
      }));
  });

/** So that every line and many a character is cut somewhere. */
async function* inSmallPieces(text: string): AsyncGenerator<Buffer> {
  const bytes = Buffer.from(text);
  for (let at = 0, length = 1; at < bytes.length; at += length, length = (length % 61) + 1)
    yield bytes.subarray(at, at + length);
}

before('the bundles are built', () => ok(existsSync(join(assets, 'dump.js')), 'run npm run build first'));

let made = 0;

async function withTwo(major: Major, use: (from: Database, to: Database) => Promise<void>): Promise<void> {
  const server = await serverOf(major);
  const names = [`dump "from" é${++made}`, `dump to ${made}`];
  for (const name of names) await asAdmin(server, `create database ${quoteIdentifier(name)}`);
  const [from, to] = names.map((database) => serverDatabase(plainParameters({ ...server, database }), assets));
  try {
    await use(from!, to!);
  } finally {
    for (const name of names) await asAdmin(server, `drop database ${quoteIdentifier(name)} with (force)`);
  }
}

async function within<T>(database: Database, use: (session: Session) => Promise<T>): Promise<T> {
  const session = await database.open('write');
  try {
    return await use(session);
  } finally {
    await session.close();
  }
}

const run = (database: Database, sql: string): Promise<void> =>
  within(database, async (session) => {
    const answer = await session.run(sql);
    equal(answer.kind, 'done', answer.kind === 'refused' ? answer.refusal.message : '');
  });

const query = (database: Database, sql: string): Promise<readonly object[]> =>
  within(database, (session) => session.rows(sql));

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setImmediate(resolve));
}
