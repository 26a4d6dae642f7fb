/** graphile-migrate's history on real servers; test/conformance asks graphile-migrate itself. */
import { deepEqual, equal, rejects } from 'node:assert/strict';
import { graphileMigrateHistory } from '../../server/engine/history/graphileMigrate';
import { configOf } from '../../server/engine/layouts/graphileMigrateConfig';
import { hashOf } from '../../server/engine/layouts/graphileMigrateHeader';
import { isFault } from '../support/faults';
import { servers, withDatabase } from '../support/servers';
import { withSession } from '../support/session';
import { toolSettings } from '../support/toolSettings';

const migration = (version: string) => {
  const name = { version, digits: version, order: version, title: '', direction: 'up' } as const;
  return { version, title: '', upPath: `/m/committed/${version}.sql`, downPath: undefined, name };
};
const text = (body: string, previous?: string): string =>
  `--! Previous: ${previous ?? '-'}\n--! Hash: ${hashOf(body, previous)}\n\n${body}`;
const step = (version: string, upText: string) => ({
  migration: migration(version),
  previous: undefined,
  script: { direction: 'up' } as const,
  upText,
  statements: [],
  read: () => undefined,
});

for (const major of Object.values(servers)) {
  describe(`graphile-migrate's history on Postgres ${major}`, () => {
    const history = graphileMigrateHistory(configOf(toolSettings({ user: 'u', database: 'd' })));

    it('passes over what is not behind the last one, and keeps the current one pending', () =>
      withDatabase(major, (url) =>
        withSession(url, async (session) => {
          await history.withLock(session, 1_000, async () => {
            await history.after(session, step('000002', text('select 2;')));
            await history.before?.(session, step('current', ''));
            await history.committed?.(session, step('current', 'select ":DATABASE_OWNER";'));
          });
          const state = await history.read(session);
          deepEqual(
            ['000001', '000002', '000003', 'current', 'current/1'].map((it) => state.applied(migration(it))),
            ['skipped', 'applied', 'pending', 'pending', 'pending'],
          );
          deepEqual([state.versions, state.exists, state.table], [['000002'], true, 'graphile_migrate.migrations']);
          deepEqual(await session.rows('select filename, content from graphile_migrate.current'), [
            { filename: 'current.sql', content: 'select "u";' },
          ]);
        }),
      ));

    it('knows an edited file by its hash, unless another one is allowed', () =>
      withDatabase(major, (url) =>
        withSession(url, async (session) => {
          const right = text('select 1;');
          await history.withLock(session, 1_000, () => history.after(session, step('000001', right)));
          const { edited } = await history.read(session);
          const is = (it: string): boolean => edited?.has(migration('000001'), it) ?? false;
          deepEqual(
            [
              right,
              `${right}\n\n`,
              `${right} x`,
              text('select 2;'),
              '',
              right.replace('\n\n', '\n--! AllowInvalidHash\n\nx'),
            ].map(is),
            [false, false, true, true, true, false],
          );
        }),
      ));

    it('has to be there where others make it, and to be its own', () =>
      withDatabase(major, (url) =>
        withSession(url, async (session) => {
          const read = () => '{ manageGraphileMigrateSchema: false }';
          const managed = graphileMigrateHistory(configOf(toolSettings({ read })));
          await rejects(
            managed.withLock(session, 1_000, async () => {}),
            isFault('blocked'),
          );
          await history.withLock(session, 1_000, async () => {});
          await managed.withLock(session, 1_000, async () => {});
          await session.rows('alter table graphile_migrate.migrations rename hash to sum');
          await rejects(history.read(session), isFault('history-moved'));
        }),
      ));

    it('records nothing of a file without a head', () =>
      withDatabase(major, (url) =>
        withSession(url, async (session) => {
          await rejects(
            history.withLock(session, 1_000, () => history.after(session, step('000001', 'select 1;'))),
            isFault('bad-migration'),
          );
          deepEqual((await history.read(session)).versions, []);
          equal(session.transaction, 'idle');
        }),
      ));
  });
}
