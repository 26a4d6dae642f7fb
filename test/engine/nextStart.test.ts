/** The next start begins with what this one has kept on the disk, and says the same; what has become untrue is found out. */
import { deepEqual, ok } from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { deserialize, serialize } from 'node:v8';
import type { FileCheck } from '../../server/engine/project';
import { binariesOf, servers, withDatabase } from '../support/servers';
import { withSession } from '../support/session';
import { briefly, checked, never, on, projectOf, withWorkspace, type Workspace } from './support';

const { newest } = servers;
const file = 'migrations/001_more.sql';

/** A workspace whose target has one table, `there`. */
const onTarget = (use: (workspace: Workspace, url: string) => Promise<void>): Promise<void> =>
  withDatabase(newest, async (url) => {
    await withSession(url, (it) =>
      it.run(
        'create table there (id int); create function f() returns int language sql return 1; create view v as select f()',
      ),
    );
    await withWorkspace({ [file]: 'alter table there add column x int;\nselect * from gone;\n' }, (workspace) =>
      use(workspace, url),
    );
  });

/** As an editor asks: what is told of the file, one answer after the other, until a rest. */
async function openedIn(workspace: Workspace, url: string): Promise<readonly FileCheck[]> {
  const engine = workspace.engine({ target: on(url), binaries: [binariesOf(newest)], shadow: 'private' });
  const project = await projectOf(engine);
  const told: FileCheck[] = [];
  await project.check({ open: [workspace.path(file)] }, (it) => told.push(it), never);
  const kept = join(workspace.world.storage, 'prepared');
  while (!existsSync(kept) || !readdirSync(kept).some((name) => name.startsWith('shadow-'))) await delay(100);
  await engine.close();
  return told;
}

const says = ({ findings }: FileCheck): string[] => findings.map(({ message }) => message);
const gone = 'relation "gone" does not exist';

describe('the next start', () => {
  it('finds the server and the schema of this one, and says the same', () =>
    onTarget(async (workspace, url) => {
      const first = await openedIn(workspace, url);
      workspace.log.splice(0);
      const second = await openedIn(workspace, url);
      deepEqual(second.map(says), first.map(says));
      deepEqual(says(second[0] ?? fail()), [gone]);
      deepEqual(
        workspace.log.filter((line) => /kept|damaged|refused/.test(line)),
        [],
      );
    }));

  it('finds out that the schema is another one by now, though everything else looks as before', () =>
    onTarget(async (workspace, url) => {
      await openedIn(workspace, url);
      const kept = join(workspace.world.storage, 'prepared');
      // As after going back to a copy of the files of the whole server, and other migrations upon it.
      for (const name of readdirSync(kept).filter((it) => it.startsWith('dump-'))) {
        const { sql, reaching } = deserialize(readFileSync(join(kept, name))) as { sql: string; reaching: unknown };
        writeFileSync(join(kept, name), serialize({ sql: sql.replaceAll('there', 'gone'), reaching }));
      }
      const told = await openedIn(workspace, url);
      deepEqual(says(told[0] ?? fail()), ['relation "there" does not exist']);
      deepEqual(says(told.at(-1) ?? fail()), [gone]);
    }));

  it('is not believed by those who ask once', () =>
    onTarget(async (workspace, url) => {
      await openedIn(workspace, url);
      const kept = join(workspace.world.storage, 'prepared');
      for (const name of readdirSync(kept).filter((it) => it.startsWith('dump-')))
        writeFileSync(join(kept, name), serialize({ sql: 'create table gone ()', reaching: [] }));
      const options = { target: on(url), binaries: [binariesOf(newest)], shadow: 'private' } as const;
      const project = await projectOf(workspace.engine(options));
      deepEqual(briefly(await checked(project)), [`42P01 ${gone}`]);
      const { after } = await project.preview('pending', never);
      ok(!after.includes('gone'));
    }));
});

function fail(): never {
  throw new Error('nothing was told');
}
