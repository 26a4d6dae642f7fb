/** Chains of migrations: what is run again after an edit, what is cut off, what gets lost on the way. */
import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict';
import type { Session } from '../../server/engine/database/session';
import { type Chain, createChain } from '../../server/engine/rehearsal/chain';
import type { ChainRequest, LinkResult } from '../../server/engine/rehearsal/walk';
import { embeddedPlace } from '../../server/engine/shadow/embeddedPlace';
import type { ShadowPlace } from '../../server/engine/shadow/place';
import { loadParser } from '../../server/engine/sql/parse';
import { privatePlace, valueOf } from '../shadow/support';
import { assets } from '../support/places';
import { servers } from '../support/servers';
import { freshLines, type LinkText, linesOf, requestOf, resultsOf, tapped } from './support';

for (const major of [servers.oldest, servers.newest]) {
  describe(`chains on PostgreSQL ${major}`, () => {
    let inner: ShadowPlace;
    before(async () => {
      await loadParser();
      ({ place: inner } = await privatePlace(major));
    });
    after(() => inner.close());

    const one: LinkText = { name: 'one', up: 'create table a (id int primary key);' };
    const two: LinkText = { name: 'two', up: 'alter table a add column b int;', down: 'alter table a drop column b;' };
    const three: LinkText = { name: 'three', up: 'select b from a;\ninsert into a values (1, 2);' };

    const scripts = (sent: readonly string[]) =>
      sent.filter((sql) => /^(?:create|alter|select b|insert|drop)/.test(sql));

    it('run nothing but the statements behind an edit, and nothing for what is known', async () => {
      const { place, sent, made } = tapped(inner);
      const chain = createChain(place);
      await linesOf(chain, requestOf([one, two, three]));
      equal(made(), 1);
      // The first edit at a place makes the stack stand there.
      await linesOf(chain, requestOf([one, two, { ...three, up: `${three.up}\nselect id, nope from a;` }]));
      sent.splice(0);
      const edited = { ...three, up: `${three.up}\nselect nope from a;` };
      const lines = await linesOf(chain, requestOf([one, two, edited]));
      deepEqual(scripts(sent), []);
      ok(sent.includes('select nope from a'));
      equal(made(), 1);
      match(lines.at(-1) ?? '', /^three \d+ refused .* column "nope" does not exist$/);
      sent.splice(0);
      deepEqual(await linesOf(chain, requestOf([one, two, edited])), lines);
      deepEqual(await linesOf(chain, requestOf([one, two, three])), lines.slice(0, -1));
      deepEqual(sent, []);
    });

    it('tell beforehand what is known of a slow file, but nothing that may be mended with what was refused above', async () => {
      const chain = createChain(inner);
      const told: string[][] = [];
      const asked = (first: string) =>
        requestOf([{ name: 'slow', up: `${first};\nselect pg_sleep(0.3);\nalter table s add b int;\nselect nope;` }], {
          onProvisional: ({ up }) => told.push(up.map(({ kind, statement }) => `${kind} ${statement.text}`)),
        });
      await linesOf(chain, asked('create tabel s ()'));
      await linesOf(chain, asked('create table s ()'));
      deepEqual(told, [['ran create table s ()', 'ran select pg_sleep(0.3)', 'refused select nope']]);
    });

    it('run the later ones again when an earlier one is edited', async () => {
      const { place, made } = tapped(inner);
      const chain = createChain(place);
      await linesOf(chain, requestOf([one, two, three]));
      const lines = await linesOf(chain, requestOf([one, { ...two, up: 'alter table a add column c int;' }, three]));
      deepEqual(lines.slice(1), [
        'two 0 ran',
        'two.down 0 refused 26-27 42703 column "b" of relation "a" does not exist',
        'three 0 refused 7-8 42703 column "b" does not exist',
        'three 17 ran',
      ]);
      equal(made(), 1);
    });

    it('hold ranges of the file as it is now, not of the one that was rehearsed', async () => {
      const chain = createChain(inner);
      const wrong = { ...three, up: 'select\n  nope from a;' };
      const [former] = (await linesOf(chain, requestOf([one, wrong]))).slice(-1);
      equal(former, 'three 0 refused 9-13 42703 column "nope" does not exist');
      const moved = { ...wrong, head: '-- a comment\n' };
      deepEqual((await linesOf(chain, requestOf([one, moved]))).slice(-1), [
        'three 13 refused 22-26 42703 column "nope" does not exist',
      ]);
      deepEqual((await linesOf(chain, requestOf([{ ...one, head: '-- above\n' }, moved]))).slice(0, 1), ['one 9 ran']);
      const renamed = { ...moved, name: 'renamed' };
      equal((await linesOf(chain, requestOf([one, renamed]))).at(-1)?.split(' ')[0], 'renamed');
    });

    it('count characters as the editor does, after a carriage return, an emoji and no newline at the end', async () => {
      const up = `do $$\r\nbegin\r\n  -- 🎉 über\r\n  perform nope\r\n    from a;\r\nend $$;\r\nselect '👩‍👩‍👧',\r\n  b,\r\n  nape\r\nfrom a`;
      const lines = await linesOf(createChain(inner), requestOf([one, two, { name: 'three', up }]));
      const at = (word: string) => `${up.indexOf(word)}-${up.indexOf(word) + 4}`;
      deepEqual(lines.slice(-2), [
        `three 0 refused ${at('nope')} 42703 column "nope" does not exist`,
        `three ${up.indexOf('select')} refused ${at('nape')} 42703 column "nape" does not exist`,
      ]);
    });

    it('rehearse a down script when it is asked for, without running the others again', async () => {
      const { place, sent } = tapped(inner);
      const chain = createChain(place);
      const request = requestOf([one, two, three], { wanted: () => ({ up: true, down: false }) });
      await linesOf(chain, request);
      equal(sent.includes('alter table a drop column b'), false);
      const [, second] = await resultsOf(chain, requestOf([one, two, three]));
      deepEqual(
        second?.down.map(({ kind }) => kind),
        ['ran'],
      );
    });

    it('give the same answers each time, whatever numbers a script takes from sequences', async () => {
      const tables: LinkText = {
        name: 'tables',
        up: 'create table roles (id serial primary key, name text); create table users (role int references roles); insert into roles default values;',
      };
      const chain = createChain(inner);
      for (let time = 1; time <= 3; time++) {
        const up = `insert into roles (name) values ('x'), ('y');
          insert into users values (2), (3);
          insert into users values (4);
          select setval('roles_id_seq', 40);
          insert into roles (name) values ('z');
          insert into users values (41);
          -- ${time}`;
        const lines = await linesOf(
          chain,
          requestOf([tables, { name: 'rows', up, down: 'insert into roles default values' }]),
        );
        deepEqual(
          lines.slice(3).map((line) => line.split(' ')[2]),
          ['ran', 'ran', 'refused', 'ran', 'ran', 'ran', 'ran'],
          `time ${time}`,
        );
      }
    });

    it('keep nothing of a session between two scripts or two checks', async () => {
      const chain = createChain(inner);
      const first = {
        name: 'first',
        up: `prepare p as select 1; set search_path to pg_catalog; set role pg_monitor; select pg_advisory_lock(7)`,
      };
      for (const comment of ['', ' -- again']) {
        const last = `prepare p as select 1; create temp table tt (id int); listen x; select pg_advisory_lock(7)${comment}`;
        const lines = await linesOf(chain, requestOf([first, { name: 'last', up: last }]));
        deepEqual(
          lines.map((line) => line.split(' ')[2]),
          Array.from({ length: 8 }, () => 'ran'),
        );
      }
    });

    it('dump the schema before and after, and tell how many statements are missing from it', async () => {
      const chain = createChain(inner);
      const links = [one, { ...two, up: 'alter table a add column b int; alter table a add column b int;' }, three];
      const request = requestOf(links, { wanted: () => ({ up: true, down: false }) });
      await linesOf(chain, request);
      const {
        before: former,
        after: later,
        refused,
      } = await chain.dumps(request, { from: 1, to: 2 }, new AbortController().signal);
      equal(refused, 1);
      ok(/CREATE TABLE public.a \(\n\s+id integer NOT NULL\n\)/.test(former));
      ok(/b integer/.test(later));
      const all = await chain.dumps(request, { from: 0, to: 3 }, new AbortController().signal);
      ok(!all.before.includes('CREATE TABLE'));
      equal(all.after, later);
    });

    it('count in a preview what was not rehearsed, too', async () => {
      const up = "create table b (); select pg_read_file('x'); create table b ()";
      const request = requestOf([{ name: 'one', up }]);
      const { refused } = await createChain(inner).dumps(request, { from: 0, to: 1 }, new AbortController().signal);
      equal(refused, 2);
    });

    it('tell trouble of the server as such, whatever statement meets it, and forget it', async () => {
      const chain = createChain(inner);
      const raising = (sqlState: string) =>
        requestOf([{ name: 'one', up: `create table b (); do $$ begin raise sqlstate '${sqlState}'; end $$` }]);
      for (const editing of [true, false]) {
        await rejects(linesOf(chain, { ...raising('53100'), isOpen: () => editing }), {
          name: 'Fault',
          code: 'disk-full',
        });
        for (const sqlState of ['53200', '57P03', '58030'])
          await rejects(linesOf(chain, { ...raising(sqlState), isOpen: () => editing }), {
            name: 'Fault',
            code: 'shadow-lost',
          });
        match((await linesOf(chain, { ...raising('58P01'), isOpen: () => editing })).at(-1) ?? '', /refused .* 58P01/);
      }
      deepEqual(await linesOf(chain, requestOf([one])), ['one 0 ran']);
    });

    it('try again with the next check what may have been refused by chance', async () => {
      const { place, sent } = tapped(inner);
      const chain = createChain(place);
      for (const sqlState of ['40P01', '55P03', '57014']) {
        const up = `do $$ begin raise sqlstate '${sqlState}'; end $$`;
        const request = requestOf([one, { name: 'two', up }]);
        const lines = await linesOf(chain, request);
        match(lines[1] ?? '', new RegExp(`refused .* ${sqlState}`));
        sent.splice(0);
        deepEqual(await linesOf(chain, request), lines);
        equal(sent.filter((sql) => sql === up).length, 1, sqlState);
      }
    });

    it('stop what runs on the server when it is no longer wanted, and are right afterwards', async () => {
      const controller = new AbortController();
      const { place } = tapped(inner, (sql) => {
        if (sql.startsWith('select pg_sleep')) setImmediate(() => controller.abort(new Error('stale')));
      });
      const chain = createChain(place);
      const slow = { name: 'two', up: 'create table b (); select pg_sleep(600); select 1' };
      const request = requestOf([one, slow], { limits: { statementMs: 600_000 } });
      await rejects(linesOf(chain, request, controller.signal), { message: 'stale' });
      const after = requestOf([one, { name: 'two', up: 'create table b (); select 1' }]);
      deepEqual(await linesOf(chain, after), await freshLines(inner, after));
    });

    for (const mode of ['transaction', 'statements', 'implicit'] as const)
      it(`never go on with an earlier migration that was cut off half-way (${mode})`, async () => {
        const controller = new AbortController();
        const { place } = tapped(inner, (sql) => {
          if (sql === 'create table second ()') controller.abort(new Error('stale'));
        });
        const chain = createChain(place);
        const links = [
          { name: 'one', up: 'create table first (); create table second (); create table third ()', mode },
          { name: 'two', up: 'create table first (); drop table second' },
        ];
        await rejects(linesOf(chain, requestOf(links), controller.signal), { message: 'stale' });
        deepEqual(await linesOf(chain, requestOf(links)), [
          'one 0 ran',
          'one 23 ran',
          'one 47 ran',
          'two 0 refused 13-18 42P07 relation "first" already exists',
          'two 23 ran',
        ]);
      });

    it('build a shadow that got lost anew, and nobody notices', async () => {
      let killed = 0;
      const { place, made } = tapped(inner, async (sql, session) => {
        if (sql.startsWith('insert into a') && killed++ === 0) await killBackend(session);
      });
      const request = requestOf([one, two, three]);
      deepEqual(await linesOf(createChain(place), request), await freshLines(inner, request));
      equal(made(), 2);
      equal(killed > 0, true);
    });

    it('never go back for a look at what is committed, however much of it is pending', async () => {
      const { place, made } = tapped(inner);
      const chain = createChain(place);
      const links = Array.from({ length: 24 }, (_, i) => ({ name: `m${i}`, up: `create table t${i} ();` }));
      for (const up of ['select 1', 'select 2', 'select 3'])
        for (const othersLookedAt of ['none', 'all'] as const)
          await lookedAsByAnEditor(chain, [...links, { name: 'open', up: `${up}; select '${othersLookedAt}'` }], {
            othersLookedAt,
          });
      equal(made(), 1);
    });

    it('look at what is committed and was not looked at as soon as it is committed again', async () => {
      let killed = 0;
      const { place, made } = tapped(inner, async (sql, session) => {
        if (sql === 'select 3' && killed++ === 0) await killBackend(session);
      });
      const chain = createChain(place);
      const wrong = 'create function f() returns int language plpgsql as $$ begin return (select c from a); end $$';
      const links = [one, { name: 'bodied', up: wrong }];
      const looked: (boolean | undefined)[] = [];
      for (const [up, othersLookedAt] of [
        ['select 1', 'none'],
        ['select 2', 'all'],
        ['select 3', 'all'],
      ] as const) {
        const results = await lookedAsByAnEditor(chain, [...links, { name: 'open', up }], { othersLookedAt });
        looked.push(results[1]?.looked);
        const outcome = results[1]?.up[0];
        equal(outcome?.kind === 'ran' && (outcome.bodies ?? []).length > 0, up === 'select 3', up);
      }
      deepEqual(looked, [false, false, true]);
      equal(made(), 2);
    });

    it('give up when it gets lost twice, and try again when asked again', async () => {
      const deadly = ['insert into a', 'select b'];
      const { place } = tapped(inner, async (sql, session) => {
        if (deadly[0] !== undefined && sql.startsWith(deadly[0])) {
          deadly.shift();
          await killBackend(session);
        }
      });
      const chain = createChain(place);
      await rejects(linesOf(chain, requestOf([one, two, three])), { name: 'Fault', code: 'shadow-lost' });
      match((await linesOf(chain, requestOf([one, two, three]))).at(-1) ?? '', /ran$/);
    });

    it('tell which statement ends the connection, and go on behind it', async () => {
      const { place } = tapped(inner);
      const chain = createChain(place);
      const up = 'create table b (); select pg_terminate_backend(pg_backend_pid()); select nope from b';
      for (const mode of ['transaction', 'statements', 'implicit'] as const) {
        const lines = await linesOf(
          chain,
          requestOf([one, { name: 'two', up, mode }, { ...three, up: 'drop table b' }]),
        );
        deepEqual(
          lines.map((line) => line.replace(/\d+(?:-\d+)?/g, '').replace(/ +/g, ' ')),
          [
            'one ran',
            'two ran',
            'two ended terminating connection due to administrator command',
            'two refused column "nope" does not exist',
            'three ran',
          ],
        );
      }
    });

    it('tell of a runaway once, and spare it on the way to later migrations', async () => {
      const { place, sent } = tapped(inner);
      const chain = createChain(place);
      const links = [one, { name: 'two', up: 'select pg_sleep(600); create table b ()' }, three];
      const request = requestOf(links, { limits: { statementMs: 500 } });
      const lines = await linesOf(chain, request);
      deepEqual(lines.slice(1, 3), [
        'two 0 refused 0-20 57014 canceling statement due to statement timeout',
        'two 22 ran',
      ]);
      sent.splice(0);
      await linesOf(chain, requestOf([{ ...one, head: ' ' }, ...links.slice(1)], { limits: { statementMs: 500 } }));
      await chain.dumps(request, { from: 0, to: 3 }, new AbortController().signal);
      equal(
        sent.some((sql) => sql.includes('pg_sleep')),
        false,
      );
    });
  });
}

/** The answer on the link that is called `open`, the second look at it and at the others, and what is told then. */
async function lookedAsByAnEditor(
  chain: Chain,
  links: readonly LinkText[],
  changes: Partial<ChainRequest>,
): Promise<LinkResult[]> {
  const { signal } = new AbortController();
  const isOpen: ChainRequest['isOpen'] = ({ up }) => up.path === 'open';
  const request = requestOf(links, { isOpen, ...changes });
  await resultsOf(chain, request);
  for (const open of [true, false])
    await chain.look({ ...request, wanted: (link) => ({ up: isOpen(link) === open, down: false }) }, signal);
  return resultsOf(chain, { ...request, manner: 'again' });
}

/** Ends the backend of a session, and waits until it is gone. */
async function killBackend(session: Session): Promise<void> {
  const pid = await valueOf(session, 'select pg_backend_pid()');
  await session.run(`select pg_terminate_backend(${String(pid)})`).catch(() => undefined);
  ok(session.lost);
}

describe('chains in the embedded engine', () => {
  let inner: ShadowPlace;
  before(async () => {
    await loadParser();
    inner = embeddedPlace({ assets, log: () => {} });
  });
  after(() => inner.close());

  const runaway: LinkText = { name: 'two', up: 'select pg_sleep(600); create table b (); select nope' };
  const limits = { statementMs: 1_000 };

  it('go on behind statements that took too long, which end the engine', async () => {
    const { place, sent } = tapped(inner);
    const chain = createChain(place);
    const links = [
      { name: 'one', up: 'create table a ()' },
      runaway,
      { ...runaway, name: 'three' },
      { name: 'four', up: 'select from b' },
    ];
    const lines = await linesOf(chain, requestOf(links, { limits }));
    equal(lines.at(-1), 'four 0 ran');
    deepEqual(lines.slice(1, 4), [
      'two 0 refused 0-20 57014 canceling statement due to statement timeout',
      'two 22 ran',
      'two 41 refused 48-52 42703 column "nope" does not exist',
    ]);
    sent.splice(0);
    const { after: later } = await chain.dumps(
      requestOf(links, { limits }),
      { from: 1, to: 4 },
      new AbortController().signal,
    );
    ok(later.includes('CREATE TABLE public.b'));
    equal(
      sent.some((sql) => sql.includes('pg_sleep')),
      false,
    );
  });

  it('run a down script when the up script has ended the engine at its last statement', async () => {
    const up = { name: 'up', up: 'create table d (); select pg_sleep(602)', down: 'drop table d; drop table nope' };
    for (const editing of [true, false]) {
      const lines = await linesOf(createChain(inner), requestOf([up], { limits, isOpen: () => editing }));
      deepEqual(lines.slice(2), ['up.down 0 ran', 'up.down 14 refused 25-29 42P01 table "nope" does not exist']);
    }
  });

  it('preview a script with a runaway that nobody has checked before', async () => {
    const chain = createChain(inner);
    const links = [
      { name: 'one', up: 'create table a ()' },
      { ...runaway, up: 'select pg_sleep(601); create table c ()' },
    ];
    const { after: later, refused } = await chain.dumps(
      requestOf(links, { limits }),
      { from: 0, to: 2 },
      new AbortController().signal,
    );
    ok(later.includes('CREATE TABLE public.c'));
    equal(refused, 1);
  });
});
