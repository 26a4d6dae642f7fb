/** A shadow with the rows of its target has exactly these, and all that keeps them in order. */
import { deepEqual, equal, rejects } from 'node:assert/strict';
import { plainParameters } from '../../server/engine/database/parameters';
import { serverDatabase } from '../../server/engine/database/serverDatabase';
import { loadParser } from '../../server/engine/sql/parse';
import { type DumpBase, withRows } from '../../server/engine/shadow/base';
import { copyRows } from '../../server/engine/shadow/copyRows';
import type { ShadowPlace } from '../../server/engine/shadow/place';
import { censusOf } from '../../server/engine/shadow/rowsOfTarget';
import { isFault } from '../support/faults';
import { assets } from '../support/places';
import { type Major, servers, withDatabase } from '../support/servers';
import { withSession } from '../support/session';
import { baseOf, demand, never, privatePlace, refusalOf, sharedPlace, valueOf, withRoles } from './support';

before(loadParser);

/** Whatever is in the way of rows, or would be computed from them. */
const everything = [
  'create table parents (id int generated always as identity primary key, "Name" text not null)',
  `insert into parents ("Name") values ('a'), ('b\\t\\n\\\\.'), ('ä')`,
  `create table "Children" (
     parent int not null references parents deferrable, twice int generated always as (parent * 2) stored,
     cost money, ratio float8, bytes bytea, span interval, moment timestamptz, kind regclass)`,
  `insert into "Children" values
     (1, default, 12.5, 0.1 + 0.2, '\\x00ff', '-1 mon 3 days', '2020-02-29 01:00+00', 'parents')`,
  'alter table parents add column child int',
  "create table events (id bigserial, day date not null, constraint late check (day > date '2000-01-01')) partition by range (day)",
  `create table events_1 partition of events for values from ('2020-01-01') to ('2021-01-01')`,
  'create table events_rest partition of events default',
  `insert into events (day) select date '2020-06-01' + i * 100 from generate_series(0, 9) i`,
  'create table animals (name text)',
  'create table dogs (breed text) inherits (animals)',
  `insert into animals values ('cat')`,
  `insert into dogs values ('rex', 'poodle')`,
  'create table old (a int)',
  'insert into old values (-1)',
  'alter table old add constraint positive check (a > 0) not valid',
  'create unlogged table scratch (a int)',
  'insert into scratch values (7)',
  'create table bare ()',
  'insert into bare default values',
  `create function refuse() returns trigger language plpgsql as 'begin raise ''never''; end'`,
  'create trigger refuse before insert on parents for each row execute function refuse()',
  'alter table scratch enable row level security',
  'create policy nobody on scratch using (false)',
  'create materialized view counts as select count(*) as n from events',
  'create materialized view twice as select n * 2 as n from counts',
  'create materialized view unfilled as select 1 as n with no data',
  'create sequence numbers start 100',
  `select nextval('numbers'), nextval('numbers')`,
];

/** With the columns of one partition in another order. */
const hashedByEnum = [
  `create type kind as enum ('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h')`,
  'create table hashed (k kind, n int, b text) partition by list (b)',
  `create table hashed_x partition of hashed for values in ('x') partition by hash (k)`,
  `create table hashed_y partition of hashed for values in ('y')`,
  'create table hashed_0 (b text, n int, k kind)',
  'alter table hashed_x attach partition hashed_0 for values with (modulus 3, remainder 0)',
  ...[1, 2].map((n) => `create table hashed_${n} partition of hashed_x for values with (modulus 3, remainder ${n})`),
  `insert into hashed select k, n, b from unnest(enum_range(null::kind)) with ordinality as it (k, n), (values ('x'), ('y')) as two (b)`,
];

const listed = `select coalesce(json_agg(t order by t::text), '[]')::text from only`;
const tables = [
  'parents',
  '"Children"',
  'events_1',
  'events_rest',
  'animals',
  'dogs',
  'old',
  'scratch',
  'bare',
  'counts',
  'twice',
];

const targetOf = (url: string, user = 'postgres') => {
  const { hostname: host, port, password, pathname } = new URL(url);
  return serverDatabase(
    plainParameters({ host, port: Number(port), user, password, database: pathname.slice(1) }),
    assets,
  );
};

async function baseWithRows(url: string, user: string): Promise<DumpBase> {
  const base = await baseOf(url, user);
  if (base.kind !== 'dump') throw new Error('a server is dumped');
  return withRows(base, { copyTo: (session, signal) => copyRows(targetOf(url, user), session, signal) }, 'now');
}

async function same(place: ShadowPlace, url: string, user: string): Promise<void> {
  const { session } = await place.fresh(await baseWithRows(url, user), never);
  await withSession(url, async (target) => {
    for (const table of tables)
      deepEqual(
        { table, rows: await valueOf(session, `${listed} ${table} t`) },
        { table, rows: await valueOf(target, `${listed} ${table} t`) },
      );
  });
  equal(await valueOf(session, `select nextval('numbers') || ' ' || nextval('events_id_seq')`), '102 11');
  equal(await refusalOf(session, 'select from unfilled'), '55000');
  // What was in the way of the rows stands again.
  equal(await refusalOf(session, `insert into parents ("Name") values ('c')`), 'P0001');
  equal(
    await refusalOf(session, 'insert into "Children" (parent) values (99); set constraints all immediate'),
    '23503',
  );
  equal(await refusalOf(session, 'insert into old values (-1)'), '23514');
}

for (const major of [servers.oldest, servers.newest] as const)
  describe(`a shadow with rows on PostgreSQL ${major}`, () => {
    it('has them all on a private server', () =>
      withDatabase(major, async (url) => {
        await fill(url);
        await onPlace(privatePlace(major), (place) => same(place, url, 'postgres'));
      }));

    it('has them all on a shared server, for a plain role', () =>
      withRoles(major, { plain: 'login createdb' }, async (server) => {
        await withDatabase(major, async (url) => {
          await fill(url, 'plain');
          await onPlace(sharedPlace(major, 'plain'), (place) => same(place, url, 'plain'));
        });
        equal(server.major, major);
      }));

    it('has those of partitions that are hashed by an enum, whose values have other numbers there', () =>
      withDatabase(major, async (url) => {
        await withSession(url, (session) => demand(session, ...hashedByEnum));
        await onPlace(privatePlace(major), async (place) => {
          const { session } = await place.fresh(await baseWithRows(url, 'postgres'), never);
          const seen = `select string_agg(k || ' ' || n || ' ' || b, ', ' order by n, b) from hashed`;
          const expected = await withSession(url, (target) => valueOf(target, seen));
          equal(await valueOf(session, seen), expected);
        });
      }));

    it('is none, for now, while somebody keeps a table locked', () =>
      whileLocked(major, (copying) => rejects(copying, isFault('busy', /lock timeout/))));

    it('is none where rows are not to be read, and says whose', () =>
      withRoles(major, { plain: 'login createdb' }, () => closedRows(major)));
  });

/** The shadow is a database with the same table. */
const whileLocked = (major: Major, use: (copying: Promise<unknown>) => Promise<void>): Promise<void> =>
  withDatabase(major, (url) =>
    withDatabase(major, (other) =>
      withSession(other, (shadow) =>
        withSession(url, async (target) => {
          for (const session of [shadow, target]) await demand(session, 'create table t (a int)');
          await demand(target, 'begin', 'lock table t in access exclusive mode');
          await use(copyRows(targetOf(url), shadow, never));
        }),
      ),
    ),
  );

async function closedRows(major: Major): Promise<void> {
  await withDatabase(major, async (url) => {
    await withSession(url, (session) =>
      demand(
        session,
        'create table secrets (a int)',
        'insert into secrets values (42)',
        `create sequence tickets; select nextval('tickets')`,
        'grant all on schema public to plain',
      ),
    );
    const target = targetOf(url, 'plain');
    const asked = async () => {
      const session = await target.open('read');
      const { obstacle } = await censusOf(session);
      await session.close();
      return obstacle;
    };
    equal(await asked(), 'plain may not read secrets');
    await onPlace(privatePlace(major), async (place) =>
      rejects(place.fresh(await baseWithRows(url, 'plain'), never), isFault('no-right')),
    );
    await withSession(url, (session) => demand(session, 'grant select on secrets to plain'));
    equal(await asked(), 'plain may not read tickets');
    await withSession(url, (session) =>
      demand(session, 'grant select on tickets to plain', 'alter table secrets enable row level security'),
    );
    equal(await asked(), 'row security hides rows of secrets from plain');
    await withSession(url, (session) => demand(session, 'alter table secrets disable row level security'));
    equal(await asked(), undefined);
  });
}

async function fill(url: string, owner?: string): Promise<void> {
  await withSession(url, async (session) => {
    if (owner !== undefined) await demand(session, `grant all on schema public to ${owner}`, `set role ${owner}`);
    await demand(session, ...everything);
  });
}

async function onPlace(
  made: Promise<{ readonly place: ShadowPlace; readonly log: string[] }>,
  use: (place: ShadowPlace) => Promise<void>,
) {
  const { place, log } = await made;
  try {
    await use(place);
    deepEqual(log, []);
  } finally {
    await place.close();
  }
}
