/** The compact observation: it says nothing that the full one does not say, and asks nothing for it. */
import { deepEqual, ok } from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Session } from '../../server/engine/database/session';
import { CompactObserver } from '../../server/engine/rehearsal/observation/compact';
import type { Observation } from '../../server/engine/rehearsal/observation/observation';
import { Observer } from '../../server/engine/rehearsal/observation/observer';
import { loadParser, shapeOf } from '../../server/engine/sql/parse';
import { statementsOf } from '../../server/engine/sql/scan';
import { fileNamed, parseFixture } from '../support/fixture';
import { type Major, servers, withDatabase } from '../support/servers';
import { withSession } from '../support/session';
import { begun, done, linesOf, observerOn } from './observing';

/** Names that stand for others later on, or for several from the beginning. */
const names = `--- before
create schema a; create schema b;
create table orders (id int primary key, note text);
create table lines (id int);
create table a.twice (id int); create table b.twice (id int); create table a.inside (id int);
create table parted (id int) partition by range (id);
create table part partition of parted for values from (0) to (10);
--- migration
create table if not exists orders (id int);
alter table lines rename to rows;
create table lines (id int);
alter table lines add column n int;
alter table parted detach partition part;
alter table parted add column m int;
set search_path = b, a, public;
alter table twice add column n int;
alter table inside add column n int;
alter schema a rename to c;
set search_path = b, c, public;
alter table inside add column k int;
create schema a create table inside (id int);
alter table a.inside add column m int;
alter table c.inside add column m int;
`;

/** What functions and blocks do, nobody reads. */
const hidden = `--- before
create table orders (id int); create table lines (id int);
create function swap() returns void language plpgsql as 'begin
  alter table orders rename to gone; create table orders (id int);
end';
--- migration
alter table lines add column n int;
do $$ begin alter table lines rename to gone_too; create table lines (id int); end $$;
alter table lines add column m int;
select swap();
alter table orders add column m int;
`;

const casesIn = (room: string): Readonly<Record<string, string>> => {
  const folder = join(__dirname, '../cases', room);
  return Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
};

const fixtures = { names, hidden, ...casesIn('observation'), ...casesIn('observationSince15') };

for (const major of [servers.oldest, servers.newest]) {
  describe(`compact observation on PostgreSQL ${major}`, () => {
    before(() => loadParser());

    for (const [name, source] of Object.entries(fixtures)) {
      it(`of ${name} is a part of the full one`, async () => {
        const editor = await observedBoth(major, source, (session) =>
          Promise.resolve(new Observer(session, 'grammar')),
        );
        for (const { sql, compact, full } of editor) deepEqual(missing(compact, full), [], sql);
        // A command line tells what is renamed by its new name.
        const commandLine = await observedBoth(major, source, observerOn);
        for (const { sql, compact, full } of commandLine.filter((it) => !/ rename to /.test(it.sql)))
          deepEqual(missing(withoutObjects(compact), full), [], sql);
      });
    }

    it('tells the strongest lock that a statement itself needs', async () => {
      const told = await observedBoth(major, fixtures.names, observerOn);
      deepEqual(
        told.flatMap(({ compact }) =>
          compact.locks.map(({ mode, object, held }) => `${mode} ${object}${held ? ' held' : ''}`),
        ),
        [
          'ACCESS EXCLUSIVE public.lines',
          'ACCESS EXCLUSIVE public.part',
          'ACCESS EXCLUSIVE public.parted',
          'ACCESS EXCLUSIVE public.parted held',
          'ACCESS EXCLUSIVE a.inside',
        ],
      );
      ok(told.every(({ compact, full }) => compact.partial && !full.partial));
    });
  });
}

interface Both {
  readonly sql: string;
  readonly compact: Observation;
  readonly full: Observation;
}

async function observedBoth(
  major: Major,
  source: string,
  fullOn: (session: Session) => Promise<Observer>,
): Promise<Both[]> {
  const { files } = parseFixture(source);
  return withDatabase(major, (url) =>
    withSession(url, async (session) => {
      await done(session, fileNamed({ files }, 'before').text);
      const full = await fullOn(session);
      await session.run('begin');
      const compact = await compactOn(session);
      let start = await begun(full);
      const all: Both[] = [];
      for (const { text: sql } of statementsOf(fileNamed({ files }, 'migration').text)) {
        const shape = shapeOf(sql);
        await session.run('savepoint test');
        const ready = await full.ready(shape, start);
        const { notices, behind } = await done(session, sql, ready.behind);
        const observed = await full.observe({ shape, notices, told: behind?.answer }, ready);
        await session.run('release savepoint test');
        if (!observed) throw new Error(`the observer was refused behind ${sql}`);
        start = observed.after;
        all.push({ sql, compact: await compact(sql), full: observed.observation });
      }
      return all;
    }),
  );
}

/** Its session cannot be asked any more once it has begun. */
async function compactOn(session: Session): Promise<(sql: string) => Promise<Observation>> {
  let silent = false;
  const run: Session['run'] = (sql, options) => {
    ok(!silent, `it asks ${sql}`);
    return session.run(sql, options);
  };
  const watched = new Proxy(session, {
    get(target, name) {
      return name === 'run' ? run : Reflect.get(target, name, target);
    },
  });
  const observer = new CompactObserver(watched);
  let start = await begun(observer);
  silent = true;
  return async (sql) => {
    const shape = shapeOf(sql);
    const ready = await observer.ready(shape, start);
    const { observation, after } = await observer.observe({ shape, notices: [], told: undefined }, ready);
    start = after;
    return observation;
  };
}

/** Event triggers tell them in other words. */
const withoutObjects = (it: Observation): Observation => ({ ...it, created: [], altered: [], dropped: [] });

/** That a lock is held already may be left out; and the schema and the kind of an object, where nobody was asked. */
function missing(compact: Observation, full: Observation): string[] {
  const told = new Set(
    linesOf(full)
      .map(essence)
      .flatMap((line) => [line, line.replace(' (held)', '')]),
  );
  return linesOf(compact)
    .map(essence)
    .filter((line) => !told.has(line));
}

/** Of an object only its own name. */
function essence(line: string): string {
  const [, verb, name] = /^(created|altered|dropped) (?:.*[ .])??("[^"]+"|[^ ."]+)(?: (?:on|of) .*)?$/.exec(line) ?? [];
  return verb === undefined ? line : `${verb} ${name}`;
}
