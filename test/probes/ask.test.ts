/** Asking harms nobody: the target is only read, for a limited time, and says nothing of values before it is asked to. */
import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict';
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

  it('writes nothing, whatever functions do', () =>
    withBoth(
      `${users} create function sly(n int) returns boolean language plpgsql immutable as
         'begin insert into users values (n, null); return false; end'`,
      'insert into users values (1, null)',
      async ({ shadow, target, url }) => {
        const [[it] = []] = await asked(url, shadow, 'alter table users add check (sly(id))');
        equal(it?.answer.kind, 'unknown');
        deepEqual(await target.rows('select count(*)::int as n from users'), [{ n: 1 }]);
      },
    ));

  it('calls nothing that reaches outside the database', () =>
    withBoth(
      `${users} create function far(t text) returns boolean language sql immutable as $$ select true $$`,
      '',
      async ({ shadow }) => {
        const performed = await rehearsed(shadow, 'alter table users add check (far(secret))');
        const reaching = new ReachingNames();
        reaching.learn(
          shapeOf('create function far(t text) returns boolean language sql as $$ select dblink_connect(t) is null $$'),
        );
        const probesWith = (names: ReachingNames) => performed.flatMap((it) => probesOf(it, new Knowledge(), names));
        equal(probesWith(new ReachingNames()).length, 1);
        equal(probesWith(reaching).length, 0);
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
    withBoth(users, 'insert into users select 1 from generate_series(1, 100)', async ({ shadow, url }) => {
      const slow = only(
        probesIn(await rehearsed(shadow, 'alter table users add check (id > 0 and pg_sleep(1) is not null)')).flat(),
      );
      deepEqual(await probe(databaseAt(url), [slow], { probeMs: 100 }, never), [
        { kind: 'unknown', why: 'canceling statement due to statement timeout (57014)' },
      ]);
    }));

  it('stops when nobody waits any more', () =>
    withBoth(users, 'insert into users select 1 from generate_series(1, 100)', async ({ shadow, url }) => {
      const slow = only(
        probesIn(await rehearsed(shadow, 'alter table users add check (id > 0 and pg_sleep(1) is not null)')).flat(),
      );
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
