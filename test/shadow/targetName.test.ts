/** Where nobody else lives, shadows bear the name of the target: what names its database means them. */
import { deepEqual, equal, ok, rejects } from 'node:assert/strict';
import type { Session } from '../../server/engine/database/session';
import { type Base, emptyLike } from '../../server/engine/shadow/base';
import { embeddedPlace } from '../../server/engine/shadow/embeddedPlace';
import type { ShadowPlace } from '../../server/engine/shadow/place';
import { noSetUp, type SetUp } from '../../server/engine/shadow/setUp';
import { assets } from '../support/places';
import { servers, withDatabase } from '../support/servers';
import { baseOf, demand, never, privatePlace, refusalOf, valueOf } from './support';

const currentName = (session: Session): Promise<unknown> => valueOf(session, 'select current_database()');

const empty = (setUp: Partial<SetUp>): Base => emptyLike({ ...noSetUp, ...setUp });

/** By this alone, whatever the name is. */
const changes = `do $$ begin execute format('alter database %I connection limit 7', current_database()); end $$`;

/** The last one is as long as a name can be, 63 bytes. */
const names = ['shop', 'postgres', 'template1', `We"ird, 'Näme' 💥`.padEnd(60, '.'), 'shop'];

for (const major of [servers.oldest, servers.newest]) {
  describe(`the name of a shadow on a PostgreSQL ${major} of our own`, () => {
    let place: ShadowPlace;
    let log: string[];
    beforeEach(async () => ({ place, log } = await privatePlace(major)));
    afterEach(async () => {
      deepEqual(log, []);
      await place.close();
    });

    it('is that of the target, whatever that is, also while a copy has it, and for a dump', async () => {
      for (const database of names) {
        const shadow = await place.fresh(empty({ database }), never);
        equal(await currentName(shadow.session), database);
        await demand(shadow.session, 'create table t ()', changes);
        await shadow.withCopy(async (copy) => {
          equal(await currentName(copy), database);
          await demand(copy, 'drop table t', changes, 'create database made_here template template0');
        });
        equal(await currentName(shadow.session), database);
        ok((await shadow.dump(never)).includes('CREATE TABLE public.t'));
      }
    });

    it('is read from the target', async () => {
      await withDatabase(major, async (url) => {
        const name = new URL(url).pathname.slice(1);
        const { session } = await place.fresh(await baseOf(url, 'postgres'), never);
        equal(await currentName(session), name);
        await demand(session, `alter database ${name} set work_mem to '5MB'`);
      });
    });

    it('is back when a copy could not be made, or was thrown back', async () => {
      const shadow = await place.fresh(empty({ database: 'shop' }), never);
      await rejects(
        shadow.withCopy(() => Promise.reject(new Error('on purpose'))),
        { message: 'on purpose' },
      );
      equal(await currentName(shadow.session), 'shop');
      const folder = String(
        await valueOf(shadow.session, `select 'base/' || oid from pg_database where datname = 'shop'`),
      );
      const unreadable = `touch ${folder}/0; chmod 000 ${folder}/0`;
      // A row might find nobody any more that reads it.
      await demand(shadow.session, `copy (select where false) to program '${unreadable}'`);
      await rejects(
        shadow.withCopy(() => Promise.resolve()),
        { code: 'no-right' },
      );
      equal(await currentName(shadow.session), 'shop');
    });

    it('leads to what was done to the database, in copies and in sessions that come later, until all is taken back', async () => {
      const roles = { roles: [{ name: 'app', rights: 'nosuperuser' }], memberships: [] };
      const base = empty({ database: 'shop', owner: 'app', roles });
      const stateOf = (session: Session): Promise<unknown> =>
        valueOf(
          session,
          `select concat_ws(' | ', pg_get_userbyid(datdba), datacl, datconnlimit, nullif(current_setting('app.tenant', true), ''),
             (select string_agg(concat_ws(' ', setrole::regrole, setconfig), ', ' order by setconfig)
                from pg_db_role_setting where setdatabase = d.oid),
             (select count(*) from pg_shdepend where classid = 'pg_database'::regclass and objid = d.oid))
             from pg_database d where datname = 'shop'`,
        );
      const shadow = await place.fresh(base, never);
      const { session } = shadow;
      const before = await stateOf(session);
      await demand(
        session,
        'begin',
        `alter database shop set app.tenant to 'gone'`,
        'alter database shop owner to current_user',
        'rollback',
      );
      await shadow.startOver(session);
      equal(await stateOf(session), before);
      await demand(
        session,
        'create role boss',
        'alter database shop owner to boss',
        'grant connect on database shop to app with grant option',
        `alter database shop set app.tenant to 'it''s, "mine"'`,
        `alter role app in database shop set search_path to x, y`,
        'alter database shop connection limit 3',
        'alter database shop is_template true',
      );
      equal(await valueOf(session, `select current_setting('app.tenant', true)`), '');
      await shadow.startOver(session);
      const after = String(await stateOf(session));
      ok(after.startsWith('boss | {'), after);
      ok(after.includes(`it's, "mine"`), after);
      await shadow.withCopy(async (copy) => {
        equal(await stateOf(copy), after);
        await demand(copy, 'alter database shop reset all', 'alter database shop owner to app');
        equal(await refusalOf(copy, 'drop role boss'), '2BP01');
      });
      equal(await stateOf(shadow.session), after);
      equal(await stateOf((await place.fresh(base, never)).session), before);
    });
  });
}

describe('the name of a shadow in the embedded engine', () => {
  it('is that of the target, also while a copy has it', async () => {
    const log: string[] = [];
    const place = embeddedPlace({ assets, log: (line) => log.push(line) });
    for (const database of ['shop', `We"ird, 'Näme' 💥`]) {
      const shadow = await place.fresh(empty({ database }), never);
      await demand(shadow.session, 'create table t ()', changes);
      await shadow.withCopy(async (copy) => {
        equal(await currentName(copy), database);
        await demand(copy, changes, 'drop table t');
      });
      equal(await currentName(shadow.session), database);
      await demand(shadow.session, 'select from t');
    }
    deepEqual(log, []);
    await place.close();
  });
});
