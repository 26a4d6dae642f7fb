/** What keeps migrations from being applied or reverted is told of the target as it is now, not as it was seen before. */
import { deepEqual, rejects } from 'node:assert/strict';
import type { Project } from '../../server/engine/project';
import { withClient } from '../support/client';
import { isFault } from '../support/faults';
import { pairs } from '../support/outOfOrderFiles';
import { servers, withDatabase } from '../support/servers';
import { on, projectOf, withWorkspace } from './support';

type Query = Parameters<Parameters<typeof withClient>[1]>[0];

/** golang-migrate has marked the second of three migrations dirty, and that has been seen. */
const withDirtyTarget = (use: (project: Project, query: Query) => Promise<unknown>): Promise<void> =>
  withDatabase(servers.newest, (url) =>
    withWorkspace(pairs, ({ engine }) =>
      withClient(url, async (query) => {
        await query('create table schema_migrations (version bigint primary key, dirty boolean not null)');
        await query('insert into schema_migrations values (7, true)');
        const project = await projectOf(engine({ target: on(url), shadow: 'embedded' }));
        await project.status();
        await use(project, query);
      }),
    ),
  );

const dirty = isFault('blocked', /marked version 7 dirty/);
const force = 'update schema_migrations set dirty = false';

describe('a target that somebody has mended since it was looked at', () => {
  it('may be migrated, and is still refused before that', () =>
    withDirtyTarget(async (project, query) => {
      await rejects(project.mayApply('all'), dirty);
      await query(force);
      await project.mayApply('all');
      deepEqual(
        (await project.status()).migrations.map(({ version, state }) => `${version} ${state}`),
        ['6 applied', '7 applied', '8 pending'],
      );
    }));

  it('may be reverted, and is still refused before that', () =>
    withDirtyTarget(async (project, query) => {
      await rejects(project.mayRevert(['7']), dirty);
      await query(force);
      await project.mayRevert(['7']);
    }));

  it('is not waited for when nobody wants to know any more', () =>
    withDirtyTarget((project) => rejects(project.mayApply('all', AbortSignal.abort()), { name: 'AbortError' })));
});
