/** Servers of our own that a former start has kept: the same shadows as on one that is made anew, and no harm from a damaged one. */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { diskCache } from '../../server/engine/base/diskCache';
import { plainParameters } from '../../server/engine/database/parameters';
import { openSession } from '../../server/engine/database/postgres';
import { type Base, emptyBase } from '../../server/engine/shadow/base';
import { choosePlace, traitsOf } from '../../server/engine/shadow/choosePlace';
import type { ShadowPlace } from '../../server/engine/shadow/place';
import { loadParser } from '../../server/engine/sql/parse';
import { withFolder } from '../support/files';
import { assets } from '../support/places';
import { binariesOf, serverOf, servers, withDatabase } from '../support/servers';
import { withSession } from '../support/session';
import { baseOf, demand, foldersOf, never, refusalOf, valueOf, withRoles } from './support';

before(loadParser);

for (const major of [servers.oldest, servers.newest]) {
  describe(`a PostgreSQL ${major} of our own that is kept for the next start`, () => {
    /** A place as the next start finds it, chosen for a target on the test server. */
    async function withPlace<T>(
      folder: string,
      base: Base | undefined,
      use: (place: ShadowPlace, log: readonly string[]) => Promise<T>,
    ): Promise<T> {
      const { host, port, user, password } = await serverOf(major);
      const target = plainParameters({ host, port, user, password, database: 'postgres' });
      const log: string[] = [];
      const session = await openSession(target);
      const place = await choosePlace(
        {
          wish: 'private',
          target,
          setUp: emptyBase.kind === 'file' ? fail() : emptyBase.setUp,
          extensions: [],
          binaries: [binariesOf(major)],
          roots: [],
          assets,
          environment: {},
          cache: diskCache(folder, 1e9, (line) => log.push(line)),
          base,
          log: (line) => log.push(line),
          onItsServer: (make) => make(),
        },
        await traitsOf(session),
      );
      try {
        return await use(place, log);
      } finally {
        await place.close();
        await session.close();
      }
    }

    const withTarget = (use: (base: Base) => Promise<void>): Promise<void> =>
      withRoles(major, { app: 'login createrole', team: 'nologin' }, () =>
        withDatabase(major, async (url) => {
          await withSession(url, (it) =>
            demand(
              it,
              `alter database ${new URL(url).pathname.slice(1)} set search_path to s, public`,
              'grant team to app',
              'create schema s authorization team',
              'create table s.orders (id bigint generated always as identity primary key)',
              'alter table s.orders owner to team',
            ),
          );
          await use(await baseOf(url, 'app'));
        }),
      );

    const keep = (folder: string, base: Base): Promise<void> =>
      withPlace(folder, undefined, async (place) => {
        await place.fresh(base, never);
        await place.keep?.(base, never);
      });

    it('has the shadow that another one would have, and others behind it', () =>
      withFolder((folder) =>
        withTarget(async (base) => {
          const anew = await withPlace(folder, undefined, async (place) =>
            (await place.fresh(base, never)).dump(never),
          );
          deepEqual(readdirSync(folder), []);
          await keep(folder, base);
          deepEqual(
            readdirSync(folder)
              .map((name) => name.replace(/-.*/, ''))
              .toSorted(),
            ['server', 'shadow'],
          );
          await withPlace(folder, base, async (place, log) => {
            const shadow = await place.fresh(base, never);
            equal(await shadow.dump(never), anew);
            const { session } = shadow;
            equal(await valueOf(session, 'select current_user::text'), 'app');
            equal(await valueOf(session, 'show search_path'), 's, public');
            await demand(session, 'alter table orders add column x int', 'create role made_here');
            await shadow.withCopy((copy) => demand(copy, 'drop table orders'));
            equal(await refusalOf(shadow.session, 'select x from orders'), undefined);
            equal(await (await place.fresh(base, never)).dump(never), anew);
            const empty = await place.fresh(emptyBase, never);
            equal(await refusalOf(empty.session, 'select from s.orders'), '42P01');
            deepEqual(log, []);
          });
        }),
      ));

    it('serves another schema than it was kept for, too', () =>
      withFolder((folder) =>
        withTarget(async (base) => {
          await keep(folder, base);
          await withPlace(folder, base, async (place, log) => {
            const { session } = await place.fresh(emptyBase, never);
            equal(await refusalOf(session, 'select from s.orders'), '42P01');
            equal(await refusalOf(session, 'set role team'), '22023');
            deepEqual(log, []);
          });
        }),
      ));

    it('is made anew when it is damaged, cut off, or of no use', () =>
      withFolder((folder) =>
        withTarget(async (base) => {
          await keep(folder, base);
          const paths = readdirSync(folder).map((name) => join(folder, name));
          const contents = paths.map((path) => readFileSync(path));
          const damages: readonly ((content: Buffer) => Buffer)[] = [
            (content) => content.subarray(0, 100_000),
            () => Buffer.from(''),
            () => Buffer.from('no archive'.repeat(1000)),
            // The server refuses the files of another version.
            (content) => Buffer.from(content.toString('latin1').replaceAll(`${major}\n\0`, '99\n\0'), 'latin1'),
          ];
          for (const damage of damages) {
            for (const [i, path] of paths.entries()) writeFileSync(path, damage(contents[i] ?? fail()));
            await withPlace(folder, base, async (place, log) => {
              const { session } = await place.fresh(base, never);
              equal(await refusalOf(session, 'select from orders'), undefined);
              equal(log.length, 2);
              for (const line of log) match(line, /^shadow: a server that was kept (?:is damaged|does not start): /);
            });
            deepEqual(readdirSync(folder), []);
          }
        }),
      ));

    it('leaves nothing when it is given up in the middle', () =>
      withFolder((folder) =>
        withTarget(async (base) => {
          await withPlace(folder, undefined, async (place) => {
            const running = foldersOf(process.pid).length;
            const end = new AbortController();
            end.abort(new Error('given up'));
            const kept = await place.keep?.(base, end.signal).then(
              () => 'kept',
              (error: Error) => error.message,
            );
            equal(kept, 'given up');
            equal(foldersOf(process.pid).length, running);
            ok(readdirSync(folder).every((name) => name.startsWith('server-')));
          });
        }),
      ));
  });
}

function fail(): never {
  throw new Error('unreachable');
}
