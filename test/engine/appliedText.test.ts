/** What was applied of a file that was edited since: another way to write it, or what git has of it. */
import { deepEqual, equal, match, rejects } from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { hashOf } from '../../server/engine/layouts/graphileMigrateHeader';
import { appliedVariant } from '../../server/engine/projects/edits';
import { isFault } from '../support/faults';
import { never, projectOf, type Workspace, withWorkspace } from './support';

const everything = { which: 'all', disconnect: false, snapshot: false } as const;
const [first, second] = ['migrations/001_a.sql', 'migrations/002_b.sql'];
const texts = { [first]: 'create table a (id int);\n', [second]: 'create table b (id int);\n' };

const withApplied = (use: (workspace: Workspace) => Promise<unknown>, files = texts): Promise<void> =>
  withWorkspace(files, async (workspace) => {
    const project = await projectOf(workspace.engine());
    equal((await project.apply(everything, () => {}, never)).kind, 'done');
    await use(workspace);
  });

const forgetKept = ({ world }: Workspace): void => {
  const applied = join(world.storage, 'applied');
  for (const it of readdirSync(applied)) rmSync(join(applied, it, 'kept'), { recursive: true });
};

/** The state of the first migration, and what was applied of it. */
async function applied({ engine, path }: Workspace) {
  const project = await projectOf(engine());
  const { state, reason } = (await project.status()).migrations[0]!;
  return { state, reason, ...(await project.appliedText(path(first), never)) };
}

const git = (folder: string, ...args: string[]): string => {
  const by = ['-c', 'user.name=a', '-c', 'user.email=a@example.org', '-c', 'core.autocrlf=false'];
  return execFileSync('git', ['-C', folder, ...by, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
};

const commit = (root: string): string => {
  git(root, 'add', '.');
  git(root, 'commit', '-q', '-m', 'x');
  return git(root, 'rev-parse', 'HEAD').slice(0, 10);
};

describe('what was applied of a file that was edited since', () => {
  it('is the file with another end', () =>
    withApplied(async (workspace) => {
      workspace.write(first, 'create table a (id int);');
      const { reason, ...found } = await applied(workspace);
      const differsIn = 'the line break at its end, which was there';
      deepEqual(found, { state: 'edited', text: texts[first], from: { kind: 'file', differsIn } });
      match(reason ?? '', /It differs in nothing but the line break at its end, which was there\./);
    }));

  it('is what was kept of it, with its byte order mark', async () => {
    const marked = `\uFEFF${texts[first]}`;
    await withApplied(
      async (workspace) => {
        workspace.write(first, 'create table a (id bigint);\n');
        const { reason: _, from, ...found } = await applied(workspace);
        deepEqual([found, from.kind], [{ state: 'edited', text: marked }, 'kept']);
      },
      { ...texts, [first]: marked },
    );
  });

  it('is what a commit of git has, of any branch', () =>
    withApplied(async (workspace) => {
      const { root, write } = workspace;
      forgetKept(workspace);
      git(root, 'init', '-q', '-b', 'main');
      const wanted = commit(root);
      write(first, 'create table a (id bigint);\n');
      commit(root);
      git(root, 'checkout', '-q', '--orphan', 'other');
      write(first, 'create table a (id int, name text);\n');
      commit(root);
      const { reason: _, ...found } = await applied(workspace);
      deepEqual(found, { state: 'edited', text: texts[first], from: { kind: 'git', commit: wanted } });
    }));

  it('is not known where no commit has it, nor without git, nor where nothing was edited', () =>
    withApplied(async (workspace) => {
      const { root, write, path, engine } = workspace;
      forgetKept(workspace);
      write(first, 'create table a (id bigint);\n');
      const project = await projectOf(engine());
      const unknown = isFault('applied-text-unknown', /No commit of 001_a\.sql holds what was applied/);
      await rejects(project.appliedText(path(first), never), unknown);
      git(root, 'init', '-q');
      commit(root);
      await rejects(project.appliedText(path(first), never), unknown);
      await rejects(project.appliedText(path(second), never), isFault('not-edited', /002_b\.sql is as it was applied/));
      await rejects(project.appliedText(path('x.sql'), never), isFault('no-such-migration', /x\.sql/));
    }));

  it('is found whatever the line ends, the byte order mark and the end', () => {
    const text = fc.array(fc.constantFrom('a', ' ', '-- é', '\n'), { minLength: 1 }).map((it) => it.join(''));
    const mark = fc.constantFrom('', '\uFEFF');
    fc.assert(
      fc.property(text, mark, mark, fc.boolean(), fc.boolean(), (body, before, after, wasCrlf, isCrlf) => {
        const written = (of: string, by: string, crlf: boolean) => by + (crlf ? of.replaceAll('\n', '\r\n') : of);
        const was = written(body, before, wasCrlf);
        const is = written(body, after, isCrlf);
        const found = appliedVariant(is, (it) => it === was);
        equal(found?.text, is === was ? undefined : was);
        const without = body.replace(/\n$/, '');
        if (without !== body && !without.endsWith('\n'))
          equal(appliedVariant(without, (it) => it === body)?.text, body);
      }),
    );
    equal(
      appliedVariant('a', (it) => it === 'b'),
      undefined,
    );
  });

  it('is parted from the edit, which goes where the tool has new ones written', () => {
    const body = 'create table a (id int);';
    const [committed, current] = ['migrations/committed/000001.sql', 'migrations/current.sql'];
    const text = `--! Previous: -\n--! Hash: ${hashOf(body, undefined)}\n\n${body}\n`;
    return withWorkspace({ [committed]: text, [current]: '' }, async ({ root, write, path, engine }) => {
      const project = await projectOf(engine());
      equal((await project.apply({ ...everything, which: { only: '000001' } }, () => {}, never)).kind, 'done');
      git(root, 'init', '-q');
      commit(root);
      write(committed, `${text}create table b (id int);\n`);
      const moved = await (await projectOf(engine())).movedEdit(path(committed), never);
      const edit = '--! Message: again\n\n-- Enter migration here\ncreate table b (id int);\n';
      deepEqual([moved.applied.text, moved.files, moved.lists], [text, [], [{ path: path(current), text: edit }]]);
    });
  });
});
