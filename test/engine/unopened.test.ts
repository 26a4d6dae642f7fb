/** What is told of pending migrations that are not open: the same as by a whole check, whatever is open beside them. */
import { deepEqual, equal } from 'node:assert/strict';
import type { EngineOptions, FileCheck, Finding, Project } from '../../server/engine/project';
import { demand } from '../shadow/support';
import { binariesOf, servers, withDatabase } from '../support/servers';
import { withSession } from '../support/session';
import { checked, never, on, projectOf, type Workspace, withWorkspace } from './support';

const major = servers.newest;
const names = ['001_a', '002_b', '003_c', '004_d', '005_e'].map((it) => `migrations/${it}.sql`);
const [, second = '', third = '', fourth = '', last = ''] = names;
const files = Object.fromEntries(
  [
    'create table notes (id int primary key, owner int);\ncreate function late() returns int language sql as $$ select owner from notes $$;\n',
    'create function early() returns int language plpgsql as $$ begin return (select nothing from notes); end $$;\n',
    'do $$ begin if false then perform nowhere from notes; end if; end $$;\nalter table notes add column given int;\n',
    'alter table notes rename owner to keeper;\n',
    `create function last() returns int language plpgsql as $$ begin return (select owner from notes); end $$;\n`,
  ].map((text, i) => [names[i] ?? '', text]),
);

const told = [
  '001_a.sql: ',
  '002_b.sql: warning body-refused column "nothing" does not exist',
  '003_c.sql: warning body-refused column "nowhere" does not exist',
  '004_d.sql: warning breaks-function This breaks late(): column "owner" does not exist',
  '005_e.sql: warning body-refused column "owner" does not exist',
];

describe('pending migrations that are not open', () => {
  for (const [title, target, observe] of [
    ['of a server', 'server', 'off'],
    ['of a server whose statements are observed', 'server', 'full'],
    ['of the embedded database', 'embedded', 'off'],
  ] as const) {
    it(`${title} are told of as by a whole check, whatever is open`, () =>
      onTarget(target, { observe }, async ({ project, path }) => {
        for (const open of [[last], [second], [third, fourth], names, [last]])
          deepEqual(linesOf(await openCheck(project, open.map(path))), told, open.join());
        deepEqual(linesOf((await checked(project)).files), told);
      }));
  }

  for (const open of [last, second]) {
    it(`keep what was told of them when the rows of the target come, with ${open} open`, () =>
      onTarget('server', { shadowDataLimit: undefined }, async ({ project, path }) => {
        deepEqual(linesOf(await openCheck(project, [path(open)])), told);
        equal(await project.copyRows(), true);
        const again = await openCheck(project, [path(open)]);
        deepEqual(linesOf(again), told);
        for (const { path: it, findings } of again) equal(findings.length, it.endsWith('001_a.sql') ? 0 : 1, it);
      }));
  }

  it('keep it while what stands before them is typed, until the second look', () =>
    onTarget('server', {}, async ({ project, path, write }) => {
      await openCheck(project, [path(second)]);
      write(second, `${files[second]}select 1;\n`);
      const again = await openCheck(project, [path(second)]);
      for (const { path: it, findings } of again) equal(findings.length, it.endsWith('001_a.sql') ? 0 : 1, it);
      write(second, 'alter table notes add column nothing int, add column nowhere int;\n');
      deepEqual(linesOf(await openCheck(project, [path(second)])), [
        told[0],
        '002_b.sql: ',
        '003_c.sql: ',
        ...told.slice(3),
      ]);
    }));
});

const onTarget = (
  target: 'server' | 'embedded',
  options: Partial<EngineOptions>,
  use: (it: Workspace & { readonly project: Project }) => Promise<void>,
): Promise<void> =>
  withWorkspace(files, async (workspace) => {
    if (target === 'embedded') return use({ ...workspace, project: await projectOf(workspace.engine(options)) });
    return withDatabase(major, async (url) => {
      await withSession(url, (session) =>
        demand(session, 'create table other (id int)', 'insert into other values (1)'),
      );
      const wishes = { target: on(url), shadow: 'private', binaries: [binariesOf(major)], ...options } as const;
      await use({ ...workspace, project: await projectOf(workspace.engine(wishes)) });
    });
  });

/** All that an editor is told, in the order in which it is. */
async function openCheck(project: Project, open: readonly string[]): Promise<readonly FileCheck[]> {
  const all: FileCheck[] = [];
  await project.check({ open }, (it) => all.push(it), never);
  return all;
}

/** The last word on each file. */
function linesOf(checks: readonly FileCheck[]): string[] {
  const byPath = new Map(checks.map(({ path, findings }) => [path, findings]));
  const line = (findings: readonly Finding[]) =>
    findings.map(({ severity, code, message }) => `${severity} ${code} ${message}`).join();
  return [...byPath]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, findings]) => `${path.slice(-9)}: ${line(findings)}`);
}
