/** States that are kept on the disk: what a chain says that begins with one, and when it does not. */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { type DiskCache, diskCache } from '../../server/engine/base/diskCache';
import { goose } from '../../server/engine/layouts/goose';
import { type Chain, createChain } from '../../server/engine/rehearsal/chain';
import type { Link } from '../../server/engine/rehearsal/link';
import type { ChainRequest } from '../../server/engine/rehearsal/walk';
import { embeddedPlace } from '../../server/engine/shadow/embeddedPlace';
import type { ShadowPlace } from '../../server/engine/shadow/place';
import { loadParser } from '../../server/engine/sql/parse';
import { withFolder } from '../support/files';
import { assets } from '../support/places';
import { withUnwritable } from '../support/unwritable';
import { committed, link, textsOf } from './randomScripts';
import { type LinkText, linesOf, requestOf, resultsOf, tapped } from './support';
import { toolSettings } from '../support/toolSettings';

const never = new AbortController().signal;

describe('states that are kept on the disk', () => {
  /** Each is the only place of a process. */
  let [here, there]: ShadowPlace[] = [];
  before(async () => {
    await loadParser();
    [here, there] = [placeOfItsOwn(), placeOfItsOwn()];
  });
  after(() => Promise.all([here?.close(), there?.close()]));

  const one: LinkText = {
    name: 'one',
    up: `create table a (id serial primary key, n int);\ninsert into a (n) values (1), (2);\ncreate table a ();`,
    down: 'drop table a;\ndrop table b;',
  };
  const two: LinkText = { name: 'two', up: 'alter table a add column b text;\ncreate role worker;' };
  const three: LinkText = { name: 'three', up: 'insert into a (n) values (3) returning id;\nselect c from a;' };

  const open = (links: readonly LinkText[], name: string, changes: Partial<ChainRequest> = {}): ChainRequest =>
    requestOf(links, { isOpen: ({ up }) => up.path === name, ...changes });

  /** A first start that keeps what it has replayed; what it said. */
  async function keep(request: ChainRequest, shelf: Shelf, place = here): Promise<string[]> {
    const chain = createChain(demanded(place), shelf);
    const lines = await linesOf(chain, request);
    await keepNow(chain);
    return lines;
  }

  /** A second start, with nothing in memory, and what it ran. It believes nothing of what is open. */
  const start = (request: ChainRequest, shelf: Shelf) =>
    begin(request.manner === 'first' ? { ...request, manner: 'again' } : request, shelf);

  async function begin(request: ChainRequest, shelf: Shelf): Promise<{ lines: string[]; ran: string[] }> {
    await there?.close();
    const { place, sent } = tapped(demanded(there));
    const lines = await linesOf(createChain(place, shelf), request);
    const ran = sent.filter((sql) => /^(?:create|alter|insert|drop|select (?!pg_catalog))/.test(sql));
    // What is refused between two savepoints is run twice.
    return { lines, ran: [...new Set(ran)] };
  }

  it('say what a replay would say, and only what is open is run', () =>
    withShelf(async (shelf) => {
      const request = open([one, two, three], 'three');
      const first = await keep(request, shelf);
      const { lines, ran } = await start(request, shelf);
      deepEqual(lines, first);
      deepEqual(lines, await linesOf(createChain(demanded(here)), request));
      deepEqual(ran, ['insert into a (n) values (3) returning id', 'select c from a']);
      match(shelf.lines.join('\n'), /the state behind 2 migrations is kept/);
    }));

  it('answer at once what was said of the same text, and try it afterwards', () =>
    withShelf(async (shelf) => {
      const request = open([one, two, { ...three, down: 'alter table a drop column n;' }], 'three');
      const first = await keep(request, shelf);
      await there?.close();
      const { place, sent } = tapped(demanded(there));
      const chain = createChain(place, shelf);
      deepEqual(await linesOf(chain, request), first);
      equal(sent.length, 0);
      ok(await chain.look(request, never));
      deepEqual(await linesOf(chain, { ...request, manner: 'again' }), first);
      ok(sent.includes('select c from a') && sent.includes('alter table a drop column n'));
      equal(await chain.look(request, never), false);
    }));

  it('hold what a look at them has said, so that it is told without a replay', () =>
    withShelf(async (shelf) => {
      const bodied = {
        ...two,
        up: 'create function f() returns int language sql as $$ select n from a $$;\nalter table a rename n to m;',
      };
      const request = open([one, bodied, three], 'three', { othersLookedAt: 'all' });
      const first = await keep(request, shelf);
      match(first.join('\n'), /two 0 ran body .* column "n" does not exist/);
      await there?.close();
      const { place, sent } = tapped(demanded(there));
      const chain = createChain(place, shelf);
      deepEqual(await linesOf(chain, request), first);
      await chain.look(request, never);
      deepEqual(await linesOf(chain, { ...request, manner: 'again' }), first);
      deepEqual(
        sent.filter((sql) => /^(?:create|alter) /.test(sql)),
        [],
      );
    }));

  it('are corrected where they were not true any more', () =>
    withShelf(async (shelf) => {
      const request = open([one, two, three], 'three');
      const first = await keep(request, shelf);
      for (const name of tales(shelf)) {
        const path = join(shelf.folder, name);
        writeFileSync(path, readFileSync(path, 'utf8').replaceAll('column \\"c\\"', 'column \\"lie\\"'));
      }
      const chain = createChain(demanded(there), shelf);
      match((await linesOf(chain, request)).join(), /column "lie" does not exist/);
      ok(await chain.look(request, never));
      deepEqual(await linesOf(chain, { ...request, manner: 'again' }), first);
      const path = join(shelf.folder, tales(shelf)[0] ?? '');
      writeFileSync(path, '{');
      deepEqual(await linesOf(createChain(demanded(there), shelf), request), first);
    }));

  it('hold outcomes with notices, counts of rows and places, also when white space and comments have changed', () =>
    withShelf(async (shelf) => {
      const loud = { ...two, up: `${two.up}\ndo $$ begin raise notice 'hi'; end $$` };
      await keep(open([one, loud, three], 'three'), shelf);
      const moved = open(
        [{ ...one, head: '-- new\n', up: one.up.replace('a ()', 'a /* 🎉 */\n()') }, loud, three],
        'three',
      );
      const { ran } = await start(moved, shelf);
      equal(ran.length, 2);
      const values = async (chain: Chain) =>
        (await resultsOf(chain, moved)).map(({ up, down }) =>
          [...up, ...down].map((it) => ('ms' in it ? { ...it, ms: 0 } : it)),
        );
      deepEqual(await values(createChain(demanded(there), shelf)), await values(createChain(demanded(here))));
    }));

  it('are used up to the first migration that is another one, and are kept for the new ones as well', () =>
    withShelf(async (shelf) => {
      await keep(open([one, two], 'two'), shelf);
      await keep(open([one, two, three], 'three'), shelf);
      equal(shelf.names().length, 2);
      const other = { ...two, up: 'alter table a add column c int' };
      const { lines, ran } = await start(open([one, other, three], 'three'), shelf);
      deepEqual(ran, [
        'alter table a add column c int',
        'insert into a (n) values (3) returning id',
        'select c from a',
      ]);
      deepEqual(lines, await linesOf(createChain(demanded(here)), open([one, other, three], 'three')));
      const elsewhere = { ...one, up: `${one.up}\nselect 1` };
      equal((await start(open([elsewhere, two, three], 'three'), shelf)).ran.length, 10);
    }));

  it('stand below another file that is opened later', () =>
    withShelf(async (shelf) => {
      await keep(open([one, two, three], 'two'), shelf);
      await keep(open([one, two, three], 'three'), shelf);
      const { place, sent } = tapped(demanded(there));
      const chain = createChain(place, shelf);
      await linesOf(chain, open([one, two, three], 'three'));
      sent.splice(0);
      const edited = open([one, { ...two, up: `${two.up}\nselect b, n from a` }, three], 'two');
      deepEqual(await linesOf(chain, edited), await linesOf(createChain(demanded(here)), edited));
      ok(!sent.some((sql) => sql.startsWith('create table a (id')));
    }));

  it('know down scripts only as long as those are the same', () =>
    withShelf(async (shelf) => {
      await keep(open([one, two], 'two'), shelf);
      const other = open([{ ...one, down: 'drop table nowhere' }, two], 'two');
      deepEqual((await start(other, shelf)).lines, await linesOf(createChain(demanded(here)), other));
    }));

  it('know nothing of what is looked at as a whole', () =>
    withShelf(async (shelf) => {
      const wrong = {
        ...two,
        up: `create function f() returns int language plpgsql as $$ begin return (select z from a); end $$`,
      };
      await keep(open([one, wrong, three], 'three'), shelf);
      const whole = requestOf([one, wrong, three], { manner: 'whole', isOpen: () => false });
      const { lines } = await start(whole, shelf);
      ok(lines.some((line) => /body .*column "z" does not exist/.test(line)));
      deepEqual(lines, await linesOf(createChain(demanded(here)), whole));
    }));

  const damages: Readonly<Record<string, (file: Buffer) => Uint8Array>> = {
    'its facts': (file) => flipped(file, 40),
    'its image': (file) => flipped(file, file.length - 1_000_000),
    'its end': (file) => file.subarray(0, file.length / 2),
    everything: () => Buffer.alloc(3),
  };
  for (const [what, damaged] of Object.entries(damages))
    it(`are thrown away and made anew when ${what} is damaged`, () =>
      withShelf(async (shelf) => {
        const request = open([one, two, three], 'three');
        const first = await keep(request, shelf);
        const [name = ''] = shelf.names();
        const path = join(shelf.folder, name);
        writeFileSync(path, damaged(readFileSync(path)));
        deepEqual((await start(request, shelf)).lines, first);
        deepEqual(shelf.names(), []);
        deepEqual(await keep(request, shelf), first);
        equal((await start(request, shelf)).ran.length, 2);
      }));

  it('are whole when two processes keep the same at once', () =>
    withShelf(async (shelf) => {
      const request = open([one, two, three], 'three');
      const [first, second] = await Promise.all([keep(request, shelf, here), keep(request, shelf, there)]);
      deepEqual(first, second);
      equal(shelf.names().length, 1);
      equal((await start(request, shelf)).ran.length, 2);
    }));

  it('are not there where nothing can be written, and nobody is troubled', () =>
    withUnwritable(async (folder) => {
      const shelf = shelfIn(join(folder, 'cache'));
      const request = open([one, two, three], 'three');
      deepEqual((await start(request, shelf)).lines, await keep(request, shelf));
      match(shelf.lines.join('\n'), /Error: E/);
    }));

  it('are not kept of unlogged tables, which an engine empties when it starts', () =>
    withShelf(async (shelf) => {
      await keep(open([{ name: 'u', up: 'create unlogged table u as select 1' }, two], 'two'), shelf);
      deepEqual(shelf.names(), []);
    }));

  it('are not kept where a variable of the environment was put in, which may be a secret', () =>
    withShelf(async (shelf) => {
      const { read } = goose.configured?.(toolSettings({ environment: { SECRET: 'hunter2' } })) ?? goose;
      const linkIn = (path: string, sql: string): Link => {
        const text = `-- +goose Up\r\n-- +goose ENVSUB ON\r\n${sql}\r\n`;
        return { up: { path, text, scripts: read(path, text).scripts }, down: undefined };
      };
      const secret = linkIn('1_a.sql', 'create table\r\n"$SECRET" ();');
      const plain = linkIn('1_a.sql', 'create table\r\na (price text default $$$$5$$$$);');
      const open = linkIn('2_b.sql', 'select 1;');
      for (const [first, kept] of [
        [secret, 0],
        [plain, 1],
      ] as const) {
        const request = requestOf([], { links: [first, open], isOpen: (it) => it === open });
        deepEqual(
          (await keep(request, shelf)).filter((line) => !line.endsWith(' ran')),
          [],
        );
        equal(shelf.names().length, kept);
      }
      const texts = readdirSync(shelf.folder).map((name) => readFileSync(join(shelf.folder, name), 'latin1'));
      ok(texts.every((it) => !it.includes('hunter2')));
    }));

  it('are of today where migrations make what depends on the day', () =>
    withShelf(async (shelf) => {
      const daily = {
        name: 'daily',
        up: `do $$ begin execute format('create table t_%s ()', to_char(now(), 'DDD')); end $$`,
      };
      for (const [first, runs] of [
        [daily, 3],
        [one, 2],
      ] as const) {
        await keep(open([first, three], 'three'), shelf);
        const tomorrow = { ...shelf, today: () => 'tomorrow' };
        equal(
          (await start(open([first, three], 'three'), tomorrow)).ran.length,
          first === daily ? 2 : runs,
          first.name,
        );
      }
    }));

  it('hold no event triggers of ours, which report on until the state is taken and from then on', () =>
    withShelf(async (shelf) => {
      const count = 'do $$ begin raise notice $q$%$q$, (select count(*) from pg_event_trigger); end $$;';
      const full = { observe: 'full' } as const;
      const chain = createChain(demanded(here), shelf);
      await linesOf(chain, open([one, two, three], 'three', full));
      await keepNow(chain);
      const edited = open([one, two, { ...three, up: 'alter table a drop column n;' }], 'three', full);
      await linesOf(chain, edited);
      await chain.look(edited, never);
      const [told] = (await resultsOf(chain, edited)).at(-1)?.up ?? [];
      ok(told?.kind === 'ran' && told.observation?.toldBy === 'server');
      await there?.close();
      const { place, sent } = tapped(demanded(there));
      const asking = open([one, two, { ...three, up: count }], 'three', { manner: 'again' });
      const [counted] = (await resultsOf(createChain(place, shelf), asking)).at(-1)?.up ?? [];
      deepEqual(counted?.kind === 'ran' && counted.notices.map(({ message }) => message), ['0']);
      ok(!sent.some((sql) => sql.startsWith('create table')));
    }));

  it('let the next edit run nothing but what it changes', () =>
    withShelf(async (shelf) => {
      const { place, sent } = tapped(demanded(here));
      const chain = createChain(place, shelf);
      await linesOf(chain, open([one, two, three], 'three'));
      await keepNow(chain);
      sent.splice(0);
      await linesOf(chain, open([one, two, { ...three, up: `${three.up};select 5` }], 'three'));
      deepEqual(sent, ['select 5', 'set constraints all immediate']);
    }));

  it('give the same answers whatever the scripts are', async function () {
    this.timeout(240_000);
    await fc.assert(
      fc.asyncProperty(fc.array(link, { minLength: 2, maxLength: 4 }), fc.nat(3), fc.boolean(), (links, at, downs) =>
        withShelf(async (shelf) => {
          const named = textsOf(links);
          const request = open([committed, ...named], `m${Math.min(at, named.length - 1)}`, {
            wanted: () => ({ up: true, down: downs }),
          });
          const first = await keep(request, shelf);
          deepEqual((await start(request, shelf)).lines, first);
          deepEqual(await linesOf(createChain(demanded(here)), request), first);
        }),
      ),
      {
        numRuns: Number(process.env['RUNS'] ?? 5),
        ...(process.env['SEED'] ? { seed: Number(process.env['SEED']) } : {}),
      },
    );
  });
});

/** Names of entries that hold no state, only what was said. */
const told = 'told-';

const tales = ({ folder }: Shelf): string[] => readdirSync(folder).filter((it) => it.startsWith(told));

const placeOfItsOwn = (): ShadowPlace => embeddedPlace({ assets, log: () => {} });

function demanded(place: ShadowPlace | undefined): ShadowPlace {
  if (!place) throw new Error('before() has made it');
  return place;
}

async function keepNow(chain: Chain): Promise<void> {
  await (await chain.keep(never))?.();
}

interface Shelf {
  readonly cache: DiskCache;
  readonly today: () => string;
  readonly worthMs: number;
  readonly log: (line: string) => void;
  readonly folder: string;
  /** What was logged. */
  readonly lines: readonly string[];
  /** Of the states. */
  names(): string[];
}

const withShelf = (use: (shelf: Shelf) => Promise<void>): Promise<void> => withFolder((folder) => use(shelfIn(folder)));

function shelfIn(folder: string): Shelf {
  const lines: string[] = [];
  const log = (line: string): void => void lines.push(line);
  const cache = diskCache(folder, 1e9, log);
  return {
    cache,
    today: () => '2026-11-26',
    worthMs: 0,
    log,
    folder,
    lines,
    names: () => readdirSync(folder).filter((it) => !it.startsWith(told)),
  };
}

function flipped(file: Buffer, at: number): Buffer {
  const other = Buffer.from(file);
  other[at] = (other[at] ?? 0) ^ 1;
  return other;
}
