/** What the rows have refused is an error from the first answer of the next start on, as long as nothing tells against it. */
import { deepEqual, equal } from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EngineOptions, FileCheck, Project } from '../../server/engine/project';
import { demand } from '../shadow/support';
import { binariesOf, servers, withDatabase } from '../support/servers';
import { withSession } from '../support/session';
import { never, on, projectOf, type Workspace, withWorkspace } from './support';

const major = servers.newest;
const [earlier, file] = ['migrations/001_a.sql', 'migrations/002_b.sql'];
const texts = {
  [earlier]: 'create table labels (id int primary key);\n',
  [file]: 'insert into tasks values (1, 7);\n',
};
const [warning, error] = ['warning needs-rows 23503', 'error refused 23503'];

describe('refusals by rows', () => {
  it('are errors at once in the next start, and no values of rows are kept for it', () =>
    onTarget(async (it) => {
      const first = await it.start();
      deepEqual(await codesOf(first, it.path(file)), [warning]);
      equal(await first.copyRows(), true);
      deepEqual(await codesOf(first, it.path(file)), [warning, error]);
      deepEqual(await codesOf(await it.start(), it.path(file)), [error]);
      const folder = join(it.world.storage, 'prepared');
      const kept = readdirSync(folder).filter((name) => name.startsWith('rows-'));
      equal(kept.length, 1);
      equal(/tasks|Key|23503/.test(readFileSync(join(folder, kept[0] ?? ''), 'utf8')), false);
    }));

  it('are in doubt again when text, schema or what comes before is another', () =>
    onTarget(async (it) => {
      await learned(it);
      it.write(file, 'insert into tasks values (1, 8);\n');
      deepEqual(await codesOf(await it.start(), it.path(file)), [warning]);
      it.write(file, `${texts[file]}select 1;\n`);
      deepEqual(await codesOf(await it.start(), it.path(file)), [error], 'what comes behind does not matter');
      it.write(earlier, `${texts[earlier]}select 1;\n`);
      deepEqual(await codesOf(await it.start(), it.path(file)), [warning]);
      it.write(earlier, texts[earlier] ?? '');
      await withSession(it.url, (session) => demand(session, 'create table more ()'));
      deepEqual(await codesOf(await it.start(), it.path(file)), [warning]);
    }));

  it('are believed no longer than until the rows are there again, or cannot be', () =>
    onTarget(async (it) => {
      await learned(it);
      await withSession(it.url, (session) => demand(session, 'insert into projects values (7)'));
      const mended = await it.start();
      deepEqual(await codesOf(mended, it.path(file)), [error]);
      equal(await mended.copyRows(), true);
      deepEqual((await codesOf(mended, it.path(file))).at(-1), '');
      deepEqual(await codesOf(await it.start(), it.path(file)), [warning], 'and not in the start after that');
    }));

  it('are in doubt again where the rows have become too many', () =>
    onTarget(async (it) => {
      await learned(it);
      await withSession(it.url, (session) =>
        demand(session, `insert into projects select i from generate_series(1000, 60000) i`),
      );
      const next = await it.start({ shadowDataLimit: 1 });
      deepEqual(await codesOf(next, it.path(file)), [error]);
      equal(await next.copyRows(), true, 'there is something new to tell');
      deepEqual(await codesOf(next, it.path(file)), [warning]);
      equal(await next.copyRows(), false, 'once');
    }));
});

interface OnTarget extends Workspace {
  readonly url: string;
  /** As another process, that has nothing but what is on the disk. */
  start(options?: Partial<EngineOptions>): Promise<Project>;
}

const onTarget = (use: (it: OnTarget) => Promise<void>): Promise<void> =>
  withDatabase(major, (url) =>
    withWorkspace(texts, async (workspace) => {
      await withSession(url, (session) =>
        demand(
          session,
          'create table projects (id int primary key)',
          'create table tasks (id int primary key, project int references projects)',
          'insert into projects values (1)',
        ),
      );
      const binaries = [binariesOf(major)];
      const usual = { target: on(url), shadow: 'private', binaries, shadowDataLimit: undefined } as const;
      const start = (options = {}) => projectOf(workspace.engine({ ...usual, ...options }));
      await use({ ...workspace, url, start });
    }),
  );

async function learned({ start, path }: OnTarget): Promise<void> {
  const project = await start();
  await project.copyRows();
  deepEqual((await codesOf(project, path(file))).at(-1), error);
}

/** What an editor is told of a file, one after the other, without repetitions. */
async function codesOf(project: Project, path: string): Promise<string[]> {
  const told: string[] = [];
  const take = ({ path: about, findings }: FileCheck): void => {
    const now = findings.map(({ severity, code, sqlState }) => `${severity} ${code} ${sqlState}`).join();
    if (about === path && now !== told.at(-1)) told.push(now);
  };
  await project.check({ open: [path] }, take, never);
  return told;
}
