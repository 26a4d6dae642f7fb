/** One window on one server: nothing waits behind a copy of rows, looks come one by one, and neighbours stand back. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import type { FileCheck, Project } from '../../server/engine/project';
import { demand } from '../shadow/support';
import { withCount } from '../support/counting';
import { binariesOf, servers, withDatabase } from '../support/servers';
import { withSession } from '../support/session';
import { withSilence } from '../support/silence';
import { never, on, type Workspace, withWorkspace } from './support';

const major = servers.newest;
const table = 'create table users (id int, email text); insert into users values (1, null)';
const notNull = (column: string): string => `alter table users alter ${column} set not null;\n`;
const folders = ['a', 'b', 'c', 'd'];
const fileIn = (folder: string | undefined): string => `${folder}/migrations/001_x.sql`;
const files = Object.fromEntries(folders.map((it) => [fileIn(it), notNull('email')]));

/** All of one engine and one target. */
interface Window extends Workspace {
  readonly projects: readonly [Project, Project, ...Project[]];
}

const withWindow = (url: string, use: (window: Window) => Promise<void>): Promise<void> =>
  withWorkspace(files, async (workspace) => {
    // Each with a parameter of its own, as golang-migrate and dbmate know some.
    const target = (folder: string) => {
      const own = new URL(url);
      own.searchParams.set('x-folder', folder);
      return on(own.href)();
    };
    const options = { shadow: 'private', binaries: [binariesOf(major)], shadowDataLimit: undefined } as const;
    const [first, second, ...others] = await workspace.engine({ target, ...options }).projects();
    ok(first && second);
    await use({ ...workspace, projects: [first, second, ...others] });
  });

const withTarget = (use: (url: string) => Promise<void>): Promise<void> =>
  withDatabase(major, async (url) => {
    await withSession(url, (session) => demand(session, table));
    await use(url);
  });

/** The first project is copying rows, and the target does not give them. */
const whileCopying = (use: (window: Window, copying: Promise<boolean>, url: string) => Promise<void>): Promise<void> =>
  withTarget((url) =>
    withSilence(
      url,
      'to stdout',
      (silence) =>
        withWindow(silence.url, async (window) => {
          const [first] = window.projects;
          await lastTold(first, window.path(fileIn(folders[0])));
          const copying = first.copyRows();
          await silence.waitedFor;
          await use(window, copying, url);
        }),
      'speaker',
    ),
  );

/** The last word of an editor's check. */
async function lastTold(project: Project, path: string): Promise<FileCheck> {
  const told: FileCheck[] = [];
  await project.check({ open: [path] }, (it) => told.push(it), never);
  const last = told.at(-1);
  if (!last) throw new Error(`${path} was not told of`);
  return last;
}

describe('a window', () => {
  it('waits for no copy of rows: whatever asks the target is answered meanwhile', () =>
    whileCopying(async ({ projects: [first, second], path, write }, copying, url) => {
      const [own, other] = [path(fileIn(folders[0])), path(fileIn(folders[1]))];
      write(fileIn(folders[0]), notNull('email') + notNull('id'));
      const { findings } = await lastTold(first, own);
      deepEqual(
        findings.map(({ code }) => code),
        ['rows-refuse'],
      );
      equal((await first.rowsAtFault(findings[0]?.rows ?? '', never)).rows.length, 1);
      await withSession(url, (session) => demand(session, 'create table more ()'));
      equal(await first.refreshIfMoved('asked'), 'moved');
      ok((await first.preview('pending', never)).after.includes('more'));
      equal((await lastTold(second, other)).findings.length, 1);
      equal(await Promise.race([copying, Promise.resolve('still copying')]), 'still copying');
    }));

  it('looks at one server for one project after the other', () =>
    withTarget((url) =>
      withCount(url, (counted, most) =>
        withWindow(counted, async ({ projects }) => {
          await Promise.all([...projects.map((it) => it.status()), ...projects.map((it) => it.snapshots())]);
          equal(most(), 1);
        }),
      ),
    ));

  it('ends what other projects do with a target that is changed, and lets it begin again after that', () =>
    whileCopying(async ({ projects: [first, second], path }, copying) => {
      const taken = await second.snapshot({ reason: 'by hand', disconnect: false }, never);
      equal(taken.kind, 'taken', JSON.stringify(taken));
      equal(await copying, false);
      equal((await lastTold(first, path(fileIn(folders[0])))).findings.length, 1);
    }));
});
