/** A server that goes silent neither answers nor hangs up: what waits for it ends with the signal, and says what for. */
import { deepEqual, ok, rejects } from 'node:assert/strict';
import type { Project } from '../../server/engine/project';
import type { Silence } from '../support/silence';
import { withMute, withSilence } from '../support/silence';
import { servers, withDatabase } from '../support/servers';
import { until } from '../support/killable';
import { on, projectOf, withWorkspace } from './support';

const migrations = {
  'db/migrations/20260101000000_users.sql': '-- migrate:up\ncreate table users ();\n-- migrate:down\n',
};
const quiet = (): void => {};
const consent = { disconnect: false };

/** Everything that asks the target. */
const questions: Readonly<Record<string, (project: Project, signal: AbortSignal) => Promise<unknown>>> = {
  status: (project, signal) => project.status(signal),
  check: (project, signal) => project.check('pending', quiet, signal),
  preview: (project, signal) => project.preview('pending', signal),
  apply: (project, signal) => project.apply({ which: 'all', snapshot: true, ...consent }, quiet, signal),
  revert: (project, signal) =>
    project.revert({ versions: ['20260101000000'], snapshot: true, ...consent }, quiet, signal),
  snapshots: (project, signal) => project.snapshots(signal),
  snapshot: (project, signal) => project.snapshot({ reason: 'by hand', ...consent }, signal),
  restore: (project, signal) => project.restore('any', consent, signal),
  deleteSnapshot: (project, signal) => project.deleteSnapshot('any', consent, signal),
};

/** Asks, and gives up once the answer is waited for; it has to end within a moment, not with a time limit. */
async function givesUp(
  { url, waitedFor }: Silence,
  ask: (project: Project, signal: AbortSignal) => Promise<unknown>,
): Promise<void> {
  await withWorkspace(migrations, async ({ engine }) => {
    const project = await projectOf(engine({ target: on(url), shadow: 'embedded' }));
    const stop = new AbortController();
    const asked = ask(project, stop.signal);
    await Promise.race([waitedFor, asked]);
    const stopped = performance.now();
    stop.abort();
    await rejects(asked, { name: 'AbortError' });
    ok(performance.now() - stopped < 1_500, `${performance.now() - stopped} ms`);
  });
}

describe('a server that is silent from the beginning', () => {
  for (const [name, ask] of Object.entries(questions))
    it(`is waited for until the signal comes: ${name}`, () => withMute((mute) => givesUp(mute, ask)));

  it('is named to people after some seconds', () =>
    withMute(({ url }) =>
      withWorkspace(migrations, async ({ engine, news }) => {
        const project = await projectOf(engine({ target: on(url) }));
        const stop = new AbortController();
        const asked = rejects(project.status(stop.signal), { name: 'AbortError' });
        await until(async () => news[0]);
        stop.abort();
        await asked;
        deepEqual(news, [{ kind: 'waiting', target: project.target.label }]);
      }),
    ));
});

describe('a server that goes silent', () => {
  it('while an apply waits for the lock of the tool, leaves nothing begun', () =>
    withDatabase(servers.newest, (url) =>
      withSilence(url, 'pg_advisory_lock', ({ url: silent, waitedFor }) =>
        withWorkspace(migrations, async ({ engine }) => {
          const project = await projectOf(engine({ target: on(silent) }));
          const stop = new AbortController();
          const asked = project.apply({ which: 'all', snapshot: false, ...consent }, quiet, stop.signal);
          await Promise.race([waitedFor, asked]);
          const stopped = performance.now();
          stop.abort();
          deepEqual(await asked, { kind: 'cancelled', migrations: [], state: 'Nothing was begun.' });
          ok(performance.now() - stopped < 5_000);
        }),
      ),
    ));

  const { status, check, apply, snapshots, snapshot } = questions;
  const moments: Readonly<Record<string, readonly [string, (typeof questions)[string] | undefined]>> = {
    'while it tells its version': ['server_version_num', status],
    'while the history is read': ['schema_migrations', check],
    'while it is looked at before an apply': ['schema_migrations', apply],
    'while the shadow gets its schema': ['REPEATABLE READ', check],
    'while snapshots are listed': ['starts_with', snapshots],
    'while the lock of a snapshot is taken': ['pg_try_advisory_lock', snapshot],
  };
  for (const [name, [word, ask]] of Object.entries(moments))
    it(`${name}, is waited for until the signal comes`, () =>
      withDatabase(servers.newest, async (url) => {
        ok(ask);
        await withSilence(url, word, (silence) => givesUp(silence, ask));
      }));
});
