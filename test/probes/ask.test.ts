/** Asking harms nobody: the target is only read, for a limited time, and says nothing of values before it is asked to. */
import { deepEqual, match, ok, rejects } from 'node:assert/strict';
import type { Session } from '../../server/engine/database/session';
import { probe, rowsAtFault } from '../../server/engine/probes/ask';
import { Knowledge, type Performed } from '../../server/engine/probes/knowledge';
import type { Probe } from '../../server/engine/probes/probe';
import { probesOf } from '../../server/engine/probes/probesOf';
import { loadParser, shapeOf } from '../../server/engine/sql/parse';
import { ReachingNames } from '../../server/engine/sql/reach';
import { reachingIn, reachingNames } from '../../server/engine/sql/reachingSchema';
import { servers, withDatabase } from '../support/servers';
import { untilRunning } from '../support/sessions';
import { withSession } from '../support/session';
import { demand } from '../shadow/support';
import { asked, databaseAt, limits, never, probesIn, rehearsed } from './support';

before(loadParser);

interface Both {
  readonly shadow: Session;
  readonly target: Session;
  readonly url: string;
}

/** @param rows what the target has more than the shadow */
async function withBoth<T>(schema: string, rows: string, use: (both: Both) => Promise<T>): Promise<T> {
  return withDatabase(servers.newest, (shadowUrl) =>
    withDatabase(servers.newest, (url) =>
      withSession(shadowUrl, (shadow) =>
        withSession(url, async (target) => {
          await demand(shadow, schema);
          await demand(target, schema, rows);
          return use({ shadow, target, url });
        }),
      ),
    ),
  );
}

const only = ([first, ...others]: readonly Probe[]): Probe => {
  if (!first || others.length > 0) throw new Error(`there are ${others.length + (first ? 1 : 0)} probes`);
  return first;
};

/** As no statement could bring it about. */
const counting = (countSql: string): Probe => ({
  range: { start: 0, end: 0 },
  table: 'users',
  sqlState: '23514',
  refusal: 'refused',
  says: { one: 'row', many: 'rows' },
  searchPath: 'public',
  question: { kind: 'count', countSql, rowsSql: 'select from users', ifItFails: undefined },
});

const slow = counting('select count(pg_sleep(60))');

describe('asking the rows of the target', () => {
  const users = 'create table users (id int, secret text); ';

  it('shows the rows on request, as text', () =>
    withBoth(
      users,
      `insert into users values (9007199254740993 % 1000, 'hunter2'), (2, null)`,
      async ({ shadow, url }) => {
        const [[it] = []] = await asked(url, shadow, 'alter table users alter secret type int using secret::int');
        ok(it?.finding);
        ok(!JSON.stringify([it.finding, it.answer]).includes('hunter2'), 'a message tells a value');
        deepEqual(await rowsAtFault(databaseAt(url), it.probe, limits, never), {
          table: 'users',
          says: 'rows of users cannot turn their secret into integer',
          columns: ['id', 'secret'],
          rows: [['993', 'hunter2']],
          more: false,
        });
      },
    ));

  it('shows rows that share a key together, and how many there are', () =>
    withBoth(
      users,
      `insert into users values (1, 'b'), (2, 'a'), (3, 'a'), (4, 'c'), (5, 'b'), (6, 'b')`,
      async ({ shadow, url }) => {
        const [[it] = []] = await asked(url, shadow, 'alter table users add unique (secret)');
        ok(it);
        const { columns, rows } = await rowsAtFault(databaseAt(url), it.probe, limits, never);
        deepEqual(columns, ['id', 'secret', 'rows with this key']);
        deepEqual(
          rows.map(([, secret, count]) => `${secret} ${count}`),
          ['a 2', 'a 2', 'b 3', 'b 3', 'b 3'],
        );
      },
    ));

  it('counts no further than it has to, and shows no more than one can read', () =>
    withBoth(users, 'insert into users select n, null from generate_series(1, 12000) n', async ({ shadow, url }) => {
      const [[it] = []] = await asked(url, shadow, 'alter table users alter secret set not null');
      match(it?.finding?.message ?? '', /^more than 10,000 rows of users have no secret /);
      ok(it);
      const { rows, more } = await rowsAtFault(databaseAt(url), it.probe, limits, never);
      deepEqual([rows.length, more], [200, true]);
    }));

  it('writes nothing, whatever is asked', () =>
    withBoth(users, 'insert into users values (1, null)', async ({ target, url }) => {
      await demand(
        target,
        `create function sly() returns bigint language plpgsql as 'begin insert into users values (2, null); return 0; end'`,
      );
      const [answer] = await probe(databaseAt(url), [counting('select sly()')], limits, never);
      match(answer?.kind === 'unknown' ? answer.why : '', /25006/);
      deepEqual(await target.rows('select count(*)::int as n from users'), [{ n: 1 }]);
    }));

  const notAsked: readonly (readonly [what: string, schema: string, migration: string])[] = [
    ['a function', '', 'alter table users add check (own(secret) is null)'],
    ['a function in an index', '', 'create index on users (own(secret))'],
    [
      'a cast',
      'create cast (text as integer) with function number(text)',
      'alter table users alter secret type int using secret::int',
    ],
    [
      'a cast to json, which showing the rows would run',
      `create type pair as (a int); create function shown(pair) returns json language sql as $$ select null::json $$;
       create cast (pair as json) with function shown(pair)`,
      'alter table users alter secret set not null',
    ],
    [
      'a domain with a check',
      'create domain checked as text check (own(value) is not null)',
      'alter table users alter secret type checked',
    ],
    [
      'an operator',
      'create operator === (function = own2, leftarg = text, rightarg = text)',
      `alter table users alter secret type boolean using secret === 'x'`,
    ],
    ['text that is run', '', `alter table users add check (query_to_xml('select ' || secret, true, true, '') is null)`],
    ['a table that is read', '', `alter table users add check (table_to_xml('users', true, true, '') is null)`],
  ];

  for (const [what, schema, migration] of notAsked)
    it(`does not ask by what the user has defined, or by what runs text: ${what}`, () =>
      withBoth(
        `${users} create function own(text) returns text language sql immutable as $$ select null::text $$;
         create function own2(text, text) returns boolean language sql immutable as $$ select true $$;
         create function number(text) returns integer language sql immutable as $$ select 1 $$; ${schema}`,
        '',
        async ({ shadow }) => {
          const performed = await rehearsed(shadow, migration);
          deepEqual(
            performed.map(({ kind }) => kind),
            ['ran'],
          );
          deepEqual(probesIn(performed), [[]]);
        },
      ));

  it('reads no table of another server', () =>
    withBoth('create table parts (id int) partition by list (id)', '', async ({ shadow }) => {
      const performed = await rehearsed(shadow, 'alter table parts add check (id > 0)');
      const reaching = reachingNames(
        reachingIn('create foreign table parts_far partition of parts for values in (9) server elsewhere;'),
      );
      deepEqual(
        performed.flatMap((it) => probesOf(it, new Knowledge(), reaching)),
        [],
      );
    }));

  it('gives up after its time, and then says nothing', () =>
    withBoth(users, '', async ({ url }) => {
      deepEqual(await probe(databaseAt(url), [slow], { probeMs: 100 }, never), [
        { kind: 'unknown', why: 'canceling statement due to statement timeout (57014)' },
      ]);
    }));

  it('gives up by itself when the server does not', () =>
    withBoth(users, '', async ({ url }) => {
      const endless = counting('select 1; set local statement_timeout = 0; select pg_sleep(600)');
      const unknown = { kind: 'unknown', why: 'the database did not answer in time' };
      deepEqual(await probe(databaseAt(url), [endless, slow], { probeMs: 100 }, never), [unknown, unknown]);
    }));

  it('stops when nobody waits any more', () =>
    withBoth(users, '', async ({ url }) => {
      const over = new AbortController();
      const answers = probe(databaseAt(url), [slow], { probeMs: 60_000 }, over.signal);
      await untilRunning(url, 'pg_sleep');
      over.abort();
      await rejects(answers, { name: 'AbortError' });
    }));

  it('waits for nobody who alters the table', () =>
    withBoth(users, 'insert into users values (1, null)', async ({ shadow, target, url }) => {
      const one = only(probesIn(await rehearsed(shadow, 'alter table users alter secret set not null')).flat());
      await demand(target, 'begin', 'lock table users');
      const [answer] = await probe(databaseAt(url), [one], limits, never);
      await demand(target, 'rollback');
      match(answer?.kind === 'unknown' ? answer.why : '', /55P03/);
    }));

  it('does not take rows that a policy hides for rows that are not there', () =>
    withBoth(
      `${users} alter table users enable row level security; alter table users force row level security;
       create policy none on users using (false)`,
      'insert into users values (1, null)',
      async ({ shadow, target, url }) => {
        await demand(
          target,
          `create role reader login password '${new URL(url).password}'`,
          'grant select on users to reader',
        );
        const one = only(probesIn(await rehearsed(shadow, 'alter table users alter secret set not null')).flat());
        const reader = databaseAt(url.replace(/\/\/[^:]*:/, '//reader:'));
        const [answer] = await probe(reader, [one], limits, never);
        await demand(target, 'drop owned by reader', 'drop role reader');
        match(answer?.kind === 'unknown' ? answer.why : JSON.stringify(answer), /42501/);
      },
    ));

  it('asks nothing about what was only skipped or refused', () => {
    const statement = {
      text: 'alter table t alter a set not null',
      kind: 'sql',
      range: { start: 0, end: 34 },
    } as const;
    const shape = shapeOf(statement.text);
    const kinds: readonly Performed['kind'][] = ['skipped', 'refused', 'ended'];
    deepEqual(
      kinds.flatMap((kind) => probesOf({ kind, statement, shape }, new Knowledge(), new ReachingNames())),
      [],
    );
  });

  it('leaves the session of the shadow as it was', () =>
    withBoth(users, '', async ({ shadow }) => {
      await demand(shadow, 'set search_path = public, pg_temp');
      await rehearsed(shadow, 'alter table users add check (id > 0)');
      deepEqual(await shadow.rows('show search_path'), [{ search_path: 'public, pg_temp' }]);
      deepEqual(await shadow.rows(`select count(*)::int as n from pg_locks where relation = 'users'::regclass`), [
        { n: 0 },
      ]);
    }));
});
