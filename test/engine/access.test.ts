/** What projects share that have their targets on one server, and for how long. */
import { equal, notEqual } from 'node:assert/strict';
import { type Access, Accesses } from '../../server/engine/projects/access';
import { resolveTarget, type Target } from '../../server/engine/projects/target';
import { servers, withDatabase } from '../support/servers';
import { defaults, on, withWorkspace } from './support';

/** @param use given the target of this URL with other parameters */
const withTargets = (use: (target: (parameters?: string) => Target) => Promise<void>): Promise<void> =>
  withDatabase(servers.newest, (url) =>
    withWorkspace({}, ({ root, world }) =>
      use((parameters = '') => resolveTarget(root, { ...defaults, target: on(`${url}${parameters}`) }, world)),
    ),
  );

const answer = async ({ sentry }: Access): Promise<string | undefined> => (await sentry?.mark())?.kind;

describe('access to a server', () => {
  it('is shared by all who log in there alike, whatever else their URLs say', () =>
    withTargets(async (target) => {
      const accesses = new Accesses();
      const [first, ...others] = [
        '',
        '?x-migrations-table=a',
        '?search_path=b',
        '?connect_timeout=9',
        '?nonsense=1',
      ].map((it) => accesses.of(target(it)));
      for (const it of others) {
        equal(it.sentry, first?.sentry);
        equal(it.neighbours, first?.neighbours);
      }
      notEqual(accesses.of(target('?user=other')).sentry, first?.sentry);
    }));

  it('ends with the last one who uses it', () =>
    withTargets(async (target) => {
      const accesses = new Accesses();
      const [first, second] = [accesses.of(target()), accesses.of(target('?x-migrations-table=a'))];
      await first.release();
      equal(await answer(second), 'told');
      await second.release();
      equal(await answer(second), 'away');
      const next = accesses.of(target());
      equal(await answer(next), 'told');
      await next.release();
    }));
});
