/** Two files of one version, of which one was applied before the other came. */
import { deepEqual, rejects } from 'node:assert/strict';
import { renameSync } from 'node:fs';
import type { Engine } from '../../server/engine/project';
import { isFault } from '../support/faults';
import { servers, withDatabase } from '../support/servers';
import { briefly, checked, never, on, projectOf, withWorkspace } from './support';

const sql = (text: string) => `-- migrate:up\n${text}\n\n-- migrate:down\nselect 1;\n`;
const files = { 'migrations/1_a.sql': sql('create table a ();'), 'migrations/2_b.sql': sql('create table b ();') };
const says =
  'Version 2 stands twice: in 2_b.sql and in 2_c.sql. dbmate takes both for applied once one is, and refuses to record the version a second time.';

async function states(engine: Engine): Promise<readonly string[]> {
  const { migrations } = await (await projectOf(engine)).status();
  return migrations.map(({ version, title, state }) => `${version} ${title} ${state}`);
}

describe('a version that stands twice', () => {
  it('is told in both files, is edited in neither, and comes right by a rename', () =>
    withDatabase(servers.newest, (url) =>
      withWorkspace(files, async ({ engine, write, path }) => {
        const options = { target: on(url), shadow: 'embedded' } as const;
        const before = await projectOf(engine(options));
        await before.apply({ which: 'all', snapshot: false, disconnect: false }, () => {}, never);
        write('migrations/2_c.sql', sql('create table c ();'));

        deepEqual(await states(engine(options)), ['1 a applied', '2 b applied', '2 c applied']);
        const both = await projectOf(engine(options));
        for (const name of ['2_b.sql', '2_c.sql'])
          deepEqual(briefly(await checked(both, [path(`migrations/${name}`)])), [`version-twice ${says}`]);
        await rejects(both.mayRevert(['2']), isFault('version-twice', /stands twice/));
        const [from, to] = ['2_c.sql', '3_c.sql'].map((name) => path(`migrations/${name}`));
        deepEqual(both.renames(from ?? ''), [{ from, to }]);

        renameSync(from ?? '', to ?? '');
        deepEqual(await states(engine(options)), ['1 a applied', '2 b applied', '3 c pending']);
      }),
    ));
});
