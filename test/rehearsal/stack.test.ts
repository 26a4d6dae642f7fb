/** The stack: what an edit runs, and what may happen to the open transaction between two edits. */
import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict';
import type { Session } from '../../server/engine/database/session';
import { createChain } from '../../server/engine/rehearsal/chain';
import { embeddedPlace } from '../../server/engine/shadow/embeddedPlace';
import type { ShadowPlace } from '../../server/engine/shadow/place';
import { loadParser } from '../../server/engine/sql/parse';
import { privatePlace, valueOf } from '../shadow/support';
import { assets } from '../support/places';
import { servers } from '../support/servers';
import { freshLines, type LinkText, linesOf, requestOf, tapped } from './support';

const places: Record<string, () => Promise<ShadowPlace>> = {
  [`PostgreSQL ${servers.oldest}`]: async () => (await privatePlace(servers.oldest)).place,
  [`PostgreSQL ${servers.newest}`]: async () => (await privatePlace(servers.newest)).place,
  PGlite: async () => embeddedPlace({ assets, log: () => {} }),
};

for (const [name, open] of Object.entries(places)) {
  describe(`a stack on ${name}`, () => {
    let inner: ShadowPlace;
    before(async () => {
      await loadParser();
      inner = await open();
    });
    after(() => inner.close());

    const tables = Array.from({ length: 30 }, (_, n) => `create table t${n} (id int, n text)`);
    const textOf = (statements: readonly string[]): LinkText => ({ name: 'm', up: `${statements.join(';\n')};\n` });
    /** What is sent for the second text after the first ones, which were checked one after the other. */
    async function sentFor(first: readonly LinkText[], second: readonly LinkText[]): Promise<readonly string[]> {
      const { place, sent } = tapped(inner);
      const chain = createChain(place);
      for (const it of first) await linesOf(chain, requestOf([it]));
      sent.splice(0);
      deepEqual(await linesOf(chain, requestOf(second)), await freshLines(inner, requestOf(second)));
      return sent.filter((sql) => !/^(?:set constraints|rollback$)/.test(sql));
    }

    it('runs nothing for white space, comments, and lines above', async () => {
      const formatted = tables.map((it, n) =>
        n % 3 === 0 ? `/* ${n} */ ${it.replace(' (', '\n(\n  ')} -- end\n` : it,
      );
      deepEqual(await sentFor([textOf(tables)], [textOf(formatted)]), []);
      deepEqual(await sentFor([textOf(tables)], [{ ...textOf(tables), head: '-- one\n-- two\n' }]), []);
    });

    it('runs a statement by itself when the last one changes, and the rest of the file with one in the middle', async () => {
      const last = [...tables.slice(0, -1), 'create table last ()'];
      deepEqual(await sentFor([textOf(tables)], [textOf(last)]), ['create table last ()']);
      const more = [...tables, 'create table more ()'];
      deepEqual(await sentFor([textOf(tables)], [textOf(more)]), ['create table more ()']);
      const middle = (name: string) => tables.toSpliced(20, 1, `create table ${name} ()`);
      deepEqual(await sentFor([textOf(tables), textOf(middle('a'))], [textOf(middle('b'))]), [
        'create table b ()',
        ...tables.slice(21),
      ]);
      const without = (count: number) => tables.toSpliced(25, count);
      deepEqual(await sentFor([textOf(tables), textOf(without(1))], [textOf(without(2))]), tables.slice(27));
    });

    it('runs a few statements before the first edit at another place once more', async () => {
      const sent = await sentFor([textOf(tables)], [textOf(tables.toSpliced(20, 1, 'create table middle ()'))]);
      const before = sent.indexOf('create table middle ()');
      ok(before <= 8, sent.join('\n'));
      deepEqual(sent, [...tables.slice(20 - before, 20), 'create table middle ()', ...tables.slice(21)]);
    });

    it('says the same when statements are refused between savepoints, also with numbers of sequences', async () => {
      const rows = Array.from({ length: 60 }, (_, n) =>
        n % 7 === 5
          ? `insert into s values (default, 1, ${n})`
          : `insert into s (n) select count(*) from s where id = ${n}`,
      );
      const up = ['create table s (id serial, n int)', ...rows, 'select 1 / (select count(*) from s where id = 52)'];
      for (const at of [61, 30, 2, 45])
        await sentFor([textOf(up)], [textOf(up.toSpliced(at, 1, 'select count(*) from s'))]);
      deepEqual(await sentFor([textOf(up)], [textOf(up)]), []);
    });

    const three = 'create table a (x int); insert into a values (1), (2), (3)';
    const deferred = `create table p (id serial primary key); create table r (p int references p);
      create table c (p int references p deferrable initially deferred)`;
    const unready = (n: string) =>
      `insert into p default values; insert into r values (${n}); insert into c values (99)`;
    const sequences: Readonly<Record<string, (n: string) => readonly string[]>> = {
      'a column that a new sequence fills': (n) => [
        three,
        `create table q1 (); create table q2 (); alter table a add column id serial primary key; insert into a values (${n})`,
      ],
      'a column that a function fills': (n) => [
        `${three}; create sequence s; create function f() returns int language sql as 'select nextval(''s'')::int'`,
        `create table q1 (); alter table a add column "n${n}" int default f(); alter table a add check ("n${n}" < 4)`,
      ],
      'what a refused statement has taken': (n) => [
        'create table a (id serial primary key, x int not null); create table b (a int references a)',
        n === '1'
          ? 'insert into a (x) values (7); select 1'
          : `insert into a (x) values (null); insert into a (x) values (1); insert into b values (2); select ${n}`,
      ],
      'what a refused block has taken': (n) => [
        'create sequence s',
        `do $$ begin perform nextval('s'); raise exception 'x'; end $$; select ${n}; select 1 / (nextval('s') - 2)`,
      ],
      'an index on what counts': (n) => [
        `${three}; create sequence s;
         create function f(int) returns int immutable language plpgsql as 'begin return nextval(''s''); end'`,
        `create table q1 (); create index "i${n}" on a (f(x)); select 1 / (select count(*) from s where last_value = 3)`,
      ],
      'a script that is refused at its end': (n) => [deferred, unready(n), 'create table z ()'],
      'a script behind one that is refused at its end': (n) => [
        deferred,
        'create table q1 ()',
        unready('1'),
        `insert into p select from generate_series(1, ${n}); select 1 / (select count(*) from p where id = 2)`,
      ],
      'a script behind the first one that is refused at its end': (n) => [
        deferred,
        unready('1'),
        `insert into p select from generate_series(1, ${n}); select 1 / (select count(*) from p where id = 2)`,
      ],
    };
    for (const [what, scripts] of Object.entries(sequences))
      it(`puts sequences back after an edit: ${what}`, async () => {
        const request = (n: string) =>
          requestOf(
            scripts(n).map((up, i) => ({ name: `m${i}`, up })),
            { isOpen: ({ up }) => up.path !== 'm0' },
          );
        const chain = createChain(inner);
        const texts = ['1', '1+0', '1', '1+0+0'];
        const told: string[][] = [];
        for (const n of texts) told.push(await linesOf(chain, request(n)));
        // Afterwards: the embedded engine has one shadow only.
        for (const [i, n] of texts.entries()) deepEqual(told[i], await freshLines(inner, request(n)), n);
      });

    it('runs nothing twice that a rollback leaves in the session', async () => {
      const chain = createChain(inner);
      const request = requestOf([textOf(['select 1', 'prepare q as select 1', 'select nope', 'execute q'])]);
      const lines = await linesOf(chain, request);
      deepEqual(
        lines.map((line) => / refused/.test(line)),
        [false, false, true, false],
      );
    });

    it('keeps cursors where the text says', async () => {
      const table = 'create table a (id serial primary key, x int); insert into a (x) values (1), (2)';
      const declare = 'declare cu scroll cursor for select * from a';
      for (const [first, second] of [
        [`${declare}; close cu`, `${declare}; drop table a`],
        [`${declare}; close cu; select 3`, `${declare}; fetch 1 from cu; select 4`],
        [`${declare}; move all from cu`, `${declare}; fetch 1 from cu; close cu`],
      ] as const)
        await sentFor([{ name: 'm', up: `${table}; ${first}` }], [{ name: 'm', up: `${table}; ${second}` }]);
    });

    it('keeps a refusal and its place when the statement is formatted', async () => {
      const refused = [...tables, 'select n,nope from t1', "do $$ begin perform '🎉', wrong from t2; end $$"];
      const formatted = [...tables, 'select n,\n\n  -- 🎉\n  nope\nfrom t1', refused.at(-1) ?? ''];
      deepEqual(await sentFor([textOf(refused)], [textOf(formatted)]), []);
      const lines = await freshLines(inner, requestOf([textOf(formatted)]));
      const { up } = textOf(formatted);
      match(lines.at(-2) ?? '', new RegExp(`refused ${up.indexOf('nope')}-${up.indexOf('nope') + 4} 42703`));
      match(lines.at(-1) ?? '', new RegExp(`refused ${up.indexOf('wrong')}-${up.indexOf('wrong') + 5} 42703`));
    });

    it('runs later migrations again when an earlier one changes, on the same shadow', async () => {
      const { place, made } = tapped(inner);
      const chain = createChain(place);
      const first: LinkText = { name: 'first', up: 'create table a (b int);' };
      const second: LinkText = { name: 'second', up: 'alter table a add column c int;' };
      const third: LinkText = { name: 'third', up: 'select b, c from a;' };
      await linesOf(chain, requestOf([first, second, third]));
      const changed = { ...first, up: 'create table a (x int);' };
      const lines = await linesOf(chain, requestOf([changed, second, third]));
      match(lines.at(-1) ?? '', /^third 0 refused 7-8 42703 column "b" does not exist$/);
      match((await linesOf(chain, requestOf([first, second, third]))).at(-1) ?? '', /ran$/);
      equal(made(), 1);
    });

    it('keeps what is deferred, set, prepared, locked and counted apart, script by script and edit by edit', async () => {
      const first: LinkText = {
        name: 'first',
        up: `create table p (id int primary key);
          create table c (id serial, p int references p deferrable initially deferred);
          insert into c (p) values (1);
          insert into p values (1);
          set search_path to pg_catalog;
          prepare q as select 1;
          create temporary table tmp (id int);`,
      };
      const second = (id: number): LinkText => ({
        name: 'second',
        up: `insert into c (p) values (2); insert into p values (2); prepare q as select 1;
          create temporary table tmp (id int); select ${id} / (select count(*) from c where id = 2);`,
      });
      const chain = createChain(inner);
      for (let time = 1; time <= 4; time++) {
        const request = requestOf([first, second(time)]);
        const lines = await linesOf(chain, request);
        deepEqual(lines, await freshLines(inner, request));
        ok(lines.every((line) => line.endsWith(' ran')));
      }
    });

    it('says the same with hundreds of statements, wherever they are edited', async () => {
      const many = Array.from({ length: 400 }, (_, n) =>
        n % 50 === 49
          ? `select nope${n} from big`
          : n === 0
            ? 'create table big (id int)'
            : `alter table big add c${n} int`,
      );
      const chain = createChain(inner);
      let now = many;
      for (const at of [399, 200, 201, 202, 10, 399, 0]) {
        now = now.toSpliced(at, 1, at === 0 ? 'create table big (id bigint)' : `alter table big add d${at} int`);
        const lines = await linesOf(chain, requestOf([textOf(now)]));
        equal(lines.length, 400);
        deepEqual(
          lines.flatMap((line, n) => (line.includes(' refused ') ? [n] : [])),
          now.flatMap((sql, n) => (sql.includes('nope') ? [n] : [])),
        );
      }
    });

    it('goes on after a check that was cut off between two statements', async () => {
      const controller = new AbortController();
      const { place } = tapped(inner, (sql) => {
        if (sql === tables[20]) controller.abort(new Error('stale'));
      });
      const chain = createChain(place);
      await rejects(linesOf(chain, requestOf([textOf(tables)]), controller.signal), { message: 'stale' });
      const request = requestOf([textOf([...tables, 'select nope'])]);
      deepEqual(await linesOf(chain, request), await freshLines(inner, request));
    });

    it('is made anew after so many edits, before the next one', async () => {
      const { place, made } = tapped(inner);
      const chain = createChain(place);
      const [first, second] = [requestOf([textOf(tables.slice(0, 2))]), requestOf([textOf(tables.slice(1, 3))])];
      for (let edit = 0; edit < 120; edit++) for (const it of [first, second]) await linesOf(chain, it);
      equal(made(), 1, 'nothing is run again for texts that are known');
      for (let edit = 0; edit < 201; edit++)
        await linesOf(chain, requestOf([textOf([...tables.slice(0, 2), `select ${edit}`])]));
      equal(made(), 2);
    });
  });
}

for (const major of [servers.oldest, servers.newest]) {
  describe(`the open transaction of a stack on PostgreSQL ${major}`, () => {
    let inner: ShadowPlace;
    before(async () => {
      await loadParser();
      ({ place: inner } = await privatePlace(major));
    });
    after(() => inner.close());

    const typed = (end: string) => requestOf([{ name: 'm', up: `create table a (id int); ${end}` }]);

    it('is begun anew when its session has ended between two edits', async () => {
      let session: Session | undefined;
      const { place, made } = tapped(inner, (_, it) => void (session = it));
      const chain = createChain(place);
      await linesOf(chain, typed('select 1'));
      ok(session);
      const pid = await valueOf(session, 'select pg_backend_pid()');
      await session.run(`select pg_terminate_backend(${String(pid)})`).catch(() => undefined);
      match((await linesOf(chain, typed('select nope from a'))).at(-1) ?? '', /42703/);
      equal(made(), 2);
    });

    it('is not ended by what is typed: ABORT, COMMIT, timeouts', async () => {
      const chain = createChain(inner);
      for (const end of [
        'abort; select 1 from a',
        'commit; select 1 from a',
        'set idle_in_transaction_session_timeout = 100; select id from a',
        'set idle_in_transaction_session_timeout = 100; select pg_sleep(0.2); select id from a -- later',
        'select id from a',
      ])
        deepEqual(await linesOf(chain, typed(end)), await freshLines(inner, typed(end)), end);
    });
  });
}
