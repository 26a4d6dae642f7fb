/** What is observed while one types: the same as of a fresh look, wherever the edit was; nothing where nobody wants it. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { type Chain, createChain } from '../../server/engine/rehearsal/chain';
import type { Observation } from '../../server/engine/rehearsal/observation/observation';
import type { Outcome } from '../../server/engine/rehearsal/outcome';
import type { ChainRequest, LinkResult } from '../../server/engine/rehearsal/walk';
import { strengthOf } from '../../server/engine/sql/lockModes';
import { embeddedPlace } from '../../server/engine/shadow/embeddedPlace';
import type { ShadowPlace } from '../../server/engine/shadow/place';
import { loadParser } from '../../server/engine/sql/parse';
import { privatePlace } from '../shadow/support';
import { assets } from '../support/places';
import { servers } from '../support/servers';
import { type LinkText, requestOf, resultsOf, tapped } from './support';

const places: Record<string, () => Promise<ShadowPlace>> = {
  [`PostgreSQL ${servers.oldest}`]: async () => (await privatePlace(servers.oldest)).place,
  [`PostgreSQL ${servers.newest}`]: async () => (await privatePlace(servers.newest)).place,
  PGlite: async () => embeddedPlace({ assets, log: () => {} }),
};

type Told = Observation | string | undefined;

/** As a check does it: the answer, the second look, the answer again. */
async function looked(chain: Chain, request: ChainRequest): Promise<LinkResult[]> {
  await resultsOf(chain, request);
  await chain.look(request, new AbortController().signal);
  return resultsOf(chain, request);
}

const toldOf = (outcome: Outcome): Told => (outcome.kind === 'ran' ? outcome.observation : outcome.kind);

/** One value for each statement of the up scripts. */
const observed = async (chain: Chain, request: ChainRequest): Promise<Told[]> =>
  (await looked(chain, request)).flatMap(({ up }) => up.map(toldOf));

const observedDown = async (chain: Chain, request: ChainRequest): Promise<Told[]> =>
  (await looked(chain, request)).flatMap(({ down }) => down.map(toldOf));

/**
 * Without what an earlier script of the same transaction blurs: weak locks that it holds as well, plans, which depend on
 * whether a table is new, and rows that an index build finds although they were taken back.
 */
function essence(it: Told): unknown {
  if (typeof it !== 'object') return it;
  const { locks, scans, ...rest } = it;
  const strong = locks.filter(({ mode }) => strengthOf(mode) > strengthOf('ROW EXCLUSIVE'));
  return {
    ...rest,
    locks: strong.filter(({ object }, i) => strong.findIndex((other) => other.object === object) === i),
    scans: scans.map(({ table, unseen }) => ({ table, unseen })),
  };
}

/** Without objects, which Postgres tells itself there, and locks on new ones. */
const unnamed = (it: Told): unknown => {
  if (typeof it !== 'object') return it;
  const {
    created: _,
    altered: _altered,
    dropped: _dropped,
    dependents: _dependents,
    toldBy: _toldBy,
    locks,
    ...rest
  } = it;
  return { ...rest, locks: locks.filter(({ unseen }) => !unseen) };
};

/** No statement can be planned in two ways. */
const script = [
  'create table orders (id int primary key, total int)',
  'insert into orders select n, n from generate_series(1, 10) n',
  'create table lines (id int primary key, order_id int references orders)',
  'create view totals as select id, total from orders',
  'select nowhere from orders',
  'alter table orders add check (total > 0)',
  'alter table orders add check (total < 5)',
  'update orders set total = total + 1 where total > 3',
  'alter table orders alter total type bigint using total::bigint',
  "do $$ begin insert into lines select id, id from orders; perform set_config('a.b', 'c', false); end $$",
  'create index on lines (order_id)',
  'delete from lines where order_id + 0 < 4',
  'drop view if exists totals cascade',
  'alter table orders rename column total to sum',
  'select count(*) from lines where order_id + 0 > 1',
];
const textOf = (statements: readonly string[], name = 'm'): LinkText => ({ name, up: `${statements.join(';\n')};\n` });

/** The view is in the way of the new type. */
const right = script.toSpliced(3, 1, 'create view totals as select id from orders');
const edits: readonly (readonly string[])[] = [
  script,
  right,
  right.toSpliced(7, 1, 'update orders set total = total + 2'),
  right.toSpliced(14, 1, 'select id from orders where sum = 3'),
  [...right, 'insert into lines values (100, 1)'],
  right.toSpliced(10, 1),
  right.toSpliced(1, 1, 'insert into orders select n, n from generate_series(1, 20) n'),
  right.toSpliced(5, 0, 'lock table orders in share mode'),
  right,
];

/** Who takes a number locks its sequence to the end of the transaction, also when that is taken back. */
const counting = [
  "insert into tickets (note) values ('a')",
  'select max(id) from people',
  "insert into people (name) values ('b')",
  "do $$ begin perform set_config('a.b', 'c', false); end $$",
  'create table own (id serial, note text)',
  'select max(id) from own',
  "insert into own (note) values ('c')",
  'select min(id) from tickets',
];
const countingEdits: readonly (readonly string[])[] = [
  counting,
  counting.toSpliced(6, 1),
  counting.toSpliced(6, 1, "insert into own (note) values ('c'), ('d')"),
  counting.toSpliced(2, 1),
  counting.toSpliced(0, 1),
  counting.toSpliced(7, 1, 'select min(id) + 1 from tickets'),
];

/** What a script has made itself, nobody else waits for, and nobody asks how it is called. */
const apart = (all: readonly string[]): LinkText[] => [
  textOf(all.slice(0, 4), 'first'),
  textOf(all.slice(4), 'second'),
];

const levels = [
  { observe: 'compact', shown: 'locks', scripts: apart },
  { observe: 'full', shown: 'scans', scripts: (all: readonly string[]) => [textOf(all)] },
] as const;

for (const [name, open] of Object.entries(places)) {
  describe(`what is observed on ${name}`, () => {
    let place: ShadowPlace;
    /** For fresh looks: the embedded engine has one shadow only. */
    let other: ShadowPlace;
    before(async () => {
      await loadParser();
      [place, other] = [await open(), await open()];
    });
    after(() => Promise.all([place.close(), other.close()]));

    for (const { observe, shown, scripts } of levels)
      it(`after an edit is what a fresh look shows (${observe})`, async () => {
        const chain = createChain(place);
        for (const statements of edits) {
          const request = requestOf(scripts(statements), { observe });
          const now = await observed(chain, request);
          ok(now.some((it) => typeof it === 'object' && it[shown].length > 0));
          deepEqual(now, await observed(createChain(other), request));
        }
      });

    it('after an edit that takes back numbers of a sequence is what a fresh look shows', async () => {
      const made = textOf(
        [
          'create table tickets (id serial primary key, note text)',
          'create table people (id int generated always as identity, name text)',
        ],
        'first',
      );
      const together: ChainRequest['isOpen'] = () => true;
      const committed: ChainRequest['isOpen'] = ({ up }) => up.path === 'second';
      for (const isOpen of [together, committed]) {
        const chain = createChain(place);
        for (const statements of countingEdits) {
          const request = requestOf([made, textOf(statements, 'second')], { observe: 'full', isOpen });
          deepEqual(await observed(chain, request), await observed(createChain(other), request));
        }
      }
    });

    it('is what the statements tell, where nothing more is wanted: only names are asked for, before each script', async () => {
      const sent: string[] = [];
      const tap = tapped(place, (sql) => void (/rehearsal_aside/.test(sql) && sent.push(sql)));
      const observedAt = (observe: ChainRequest['observe']) =>
        observed(createChain(tap.place), requestOf(apart(right), { observe }));
      await observedAt('off');
      const others = new Set(sent.splice(0));
      const all = await observedAt('compact');
      ok(all.some((it) => typeof it === 'object' && it.partial && it.locks.length > 0));
      const questions = sent.filter((sql) => !others.has(sql)).map((sql) => /select '(\w+)'/.exec(sql)?.[1] ?? sql);
      deepEqual(questions, ['unwritten', 'known', 'unwritten', 'known']);
    });

    it('of a script is the same whatever stands before it in the same transaction', async () => {
      const [first, second] = [right.slice(0, 4), right.slice(4)];
      const links = [textOf(first, 'first'), textOf(second, 'second')];
      const open = requestOf(links, { observe: 'full' });
      const chain = createChain(place);
      const together = await observed(chain, open);
      // The first one is committed there.
      const apart = await observed(createChain(other), { ...open, isOpen: ({ up }) => up.path === 'second' });
      deepEqual(together.slice(first.length).map(essence), apart.slice(first.length).map(essence));
      const edited = { ...links[1], name: 'second', up: `${second.toSpliced(3, 1).join(';\n')};\n` };
      const request = requestOf([textOf(first, 'first'), edited], { observe: 'full' });
      const [now, fresh] = [await observed(chain, request), await observed(createChain(other), request)];
      deepEqual(now.map(essence), fresh.map(essence));
    });

    it('of statements that their tool commits one by one holds nothing of the one before', async () => {
      const alone = { ...textOf(right), mode: 'statements' as const };
      const all = await observed(createChain(place), requestOf([alone], { observe: 'full' }));
      const locks = all.flatMap((it) => (typeof it === 'object' ? it.locks : []));
      ok(locks.some(({ mode }) => mode === 'ACCESS EXCLUSIVE'));
      deepEqual(
        locks.filter(({ held }) => held),
        [],
      );
    });

    it('is the same on the command line, which commits', async () => {
      const links = [textOf(right.slice(0, 4), 'first'), textOf(right.slice(4), 'second')];
      const request = requestOf(links, { observe: 'full', isOpen: ({ up }) => up.path === 'second' });
      const committed = { ...request, isOpen: () => false, manner: 'whole' as const };
      const [there, here] = [
        await observed(createChain(other), committed),
        await observed(createChain(place), request),
      ];
      deepEqual(there.slice(4).map(unnamed), here.slice(4).map(unnamed));
    });

    it('is told by the server, also of what is open: views that go with a column', async () => {
      const table = textOf([
        'create table p (id int, archived bool)',
        'create view open_p as select id, archived from p',
      ]);
      const drop = { name: 'drop', up: 'alter table p drop column archived cascade;' };
      const isOpen: ChainRequest['isOpen'] = ({ up }) => up.path === 'drop';
      for (const manner of ['first', 'whole'] as const) {
        const request = requestOf([table, drop], { observe: 'full', manner, isOpen });
        const told = (await observed(createChain(place), request)).at(-1);
        ok(typeof told === 'object' && told.toldBy === 'server');
        deepEqual(told.dropped, [{ kind: 'table column', identity: 'public.p.archived' }]);
        ok(told.dependents.some((it) => it.identity === 'public.open_p' && it.effect === 'dropped'));
      }
    });

    it('is told of down scripts, too: what they lock and drop, wherever they are run', async () => {
      const audit = {
        name: 'audit',
        up: 'create table audit (id int primary key);\ncreate index ids on audit (id);',
        down: 'drop table nowhere;\ndrop table audit;',
      };
      const apart = { ...audit, down: `savepoint mine;\n${audit.down}` };
      const isOpen: ChainRequest['isOpen'] = () => true;
      const ways = [
        { isOpen, manner: 'first', observe: 'full' },
        { isOpen, manner: 'whole', observe: 'full' },
        { isOpen: () => false, manner: 'whole', observe: 'full' },
        { isOpen, manner: 'first', observe: 'compact' },
        { isOpen, manner: 'first', observe: 'full', wanted: () => ({ up: false, down: true }) },
        { isOpen: () => false, manner: 'whole', observe: 'full', wanted: () => ({ up: false, down: true }) },
      ] as const;
      for (const link of [audit, apart])
        for (const way of ways) {
          const drop = (await observedDown(createChain(place), requestOf([link], way))).at(-1);
          ok(typeof drop === 'object', JSON.stringify([way, drop]));
          deepEqual(
            drop.dropped.map(({ identity }) => identity.replace('public.', '')),
            ['audit'],
          );
          const locked = drop.locks.filter(({ object }) => object === 'public.audit');
          deepEqual(locked, [{ mode: 'ACCESS EXCLUSIVE', object: 'public.audit', kind: 'table' }]);
        }
    });

    it('of down scripts after an edit is what a fresh look shows, and nothing where nobody wants to know', async () => {
      const chain = createChain(place);
      const downs = ['alter table t add check (n > 0)', 'alter table t drop column n', 'drop table t'];
      for (const down of [downs, downs.toSpliced(1, 1), [...downs, 'create table u (id int)'], downs]) {
        const link = { name: 'm', up: 'create table t (id int, n int);', down: `${down.join(';\n')};` };
        const request = requestOf([link], { observe: 'full' });
        const now = await observedDown(chain, request);
        ok(now.every((it) => typeof it === 'object' && it.locks.length > 0));
        deepEqual(now, await observedDown(createChain(other), request));
        ok((await observedDown(createChain(other), requestOf([link]))).every((it) => it === undefined));
      }
    });

    it('is told by the grammar as soon as, and as long as, somebody speaks of event triggers, on one shadow', async () => {
      const tap = tapped(place);
      const chain = createChain(tap.place);
      const first = textOf(['create table before_all (id int)'], 'first');
      const isOpen: ChainRequest['isOpen'] = ({ up }) => up.path !== 'first';
      // Who made the shadow wanted nobody to tell.
      await looked(chain, requestOf([first, textOf(['select 0'])], { isOpen }));
      const toldBy = async (statements: readonly string[]) => {
        const all = await observed(chain, requestOf([first, textOf(statements)], { observe: 'full', isOpen }));
        return [...new Set(all.flatMap((it) => (typeof it === 'object' ? it.toldBy : [])))];
      };
      const speaks = [...right, 'select count(*) from pg_event_trigger where evtname like $$rehearsal%$$'];
      deepEqual(await toldBy(right), ['server']);
      deepEqual(await toldBy([...right, 'drop extension plpgsql']), ['grammar']);
      deepEqual(await toldBy(speaks), ['grammar']);
      deepEqual(await toldBy([...speaks, 'create event_trigger']), ['grammar']);
      const edits = [
        "select 'event trigger' /* event trigger */",
        'create event trigger et on ddl_command_end execute function nowhere()',
        'select 1 -- event trigger',
        'drop event trigger if exists et',
        'do $$ begin perform from pg_event_trigger; end $$',
        'select 2',
      ];
      const tellers: string[] = [];
      for (const edit of edits) tellers.push(...(await toldBy([edit, ...right])));
      deepEqual(tellers, ['server', 'grammar', 'server', 'grammar', 'grammar', 'server']);
      equal(tap.made(), 1);
    });

    it('is told behind statements that forget what we have prepared, and those are no trouble', async () => {
      const forgetting = [
        'deallocate all',
        right[0] ?? '',
        'deallocate all',
        'prepare rehearsal_known as select 1',
        ...right.slice(1),
      ];
      const all = await observed(createChain(place), requestOf([textOf(forgetting)], { observe: 'full' }));
      // Those that are wrong in any case.
      deepEqual(
        all.filter((it) => typeof it !== 'object'),
        ['refused', 'refused'],
      );
    });

    it('is nothing, and nothing is asked, where nobody wants to know', async () => {
      const asked: string[] = [];
      const tap = tapped(place, (sql) => void (/execute rehearsal_(?!sequences)/.test(sql) && asked.push(sql)));
      const chain = createChain(tap.place);
      for (const statements of edits.slice(0, 3))
        ok((await observed(chain, requestOf([textOf(statements)]))).every((it) => typeof it !== 'object'));
      deepEqual(asked, []);
      await observed(chain, requestOf([textOf([...right, 'select 1'])], { observe: 'full' }));
      ok(asked.length > 0);
    });

    it('costs the answer nothing: what an edit runs is not observed before it is told', async () => {
      const asked: string[] = [];
      const tap = tapped(place, (sql) => void (/execute rehearsal_(?!sequences)/.test(sql) && asked.push(sql)));
      const chain = createChain(tap.place);
      await observed(chain, requestOf([textOf(right)], { observe: 'full' }));
      // The first edit at a place makes the stack stand there.
      await observed(chain, requestOf([textOf([...right, 'select 1'])], { observe: 'full' }));
      tap.sent.splice(0);
      asked.splice(0);
      await resultsOf(chain, requestOf([textOf([...right, 'select 2'])], { observe: 'full' }));
      deepEqual(asked, []);
      equal(tap.sent.filter((sql) => !/^(?:set constraints|rollback$)/.test(sql)).join(), 'select 2');
    });
  });
}
