/** Trials through the engine's door: on the embedded target, and on a server. */
import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Project, TrialRequest, TrialResult } from '../../server/engine/project';
import { isFault } from '../support/faults';
import { servers, withDatabase } from '../support/servers';
import { withSession } from '../support/session';
import { never, on, projectOf, withWorkspace } from './support';

const files = {
  'db/migrations/1_users.sql':
    '-- migrate:up\ncreate table users (id int primary key);\n-- migrate:down\ndrop table users;\n',
  'db/migrations/2_orders.sql': '-- migrate:up\ncreate table orders (id int primary key);\n-- migrate:down\n',
};
const wish: TrialRequest = { which: 'all', from: 'auto', afterwards: 'drop', disconnect: false };
const quiet = (): void => {};

const statesOf = async (project: Project): Promise<string[]> =>
  (await project.status()).migrations.map(({ version, state }) => `${version} ${state}`);

function reportOf(result: TrialResult) {
  if (result.kind !== 'tried') throw new Error(JSON.stringify(result));
  return result.report;
}

describe('a trial of an embedded target', () => {
  it('leaves it as it is, or lets the copy take its place', () =>
    withWorkspace(files, async ({ engine, world }) => {
      const project = await projectOf(engine());
      const report = reportOf(await project.trial(wish, quiet, never));
      deepEqual(
        report.passes.map(({ pass, migrations }) => [pass, ...migrations.map(({ version }) => version)]),
        [['up', '1', '2']],
      );
      deepEqual(report.roundTrip.kind, 'impossible');
      deepEqual(await statesOf(project), ['1 pending', '2 pending']);
      await rejects(project.trial({ ...wish, afterwards: 'keep' }, quiet, never), isFault('no-trial'));
      const swapped = reportOf(
        await project.trial({ ...wish, which: { upTo: '1' }, afterwards: 'swap' }, quiet, never),
      );
      deepEqual(
        swapped.passes.map(({ pass }) => pass),
        ['up', 'down', 'upAgain'],
      );
      deepEqual(await statesOf(project), ['1 applied', '2 pending']);
      equal((await project.snapshots()).length, 1);
      deepEqual(
        readdirSync(join(world.storage, 'snapshots')).filter((it) => it.includes('trial')),
        [],
      );
      deepEqual(readdirSync(join(world.storage, 'journal')), []);
    }));
});

describe('a trial of a target on a server', () => {
  it('is of the files, and names the copy to psql without a password in its words', () =>
    withDatabase(servers.newest, (url) =>
      withWorkspace(files, async ({ engine }) => {
        const project = await projectOf(engine({ target: on(url), shadow: 'embedded' }));
        const report = reportOf(await project.trial({ ...wish, afterwards: 'keep' }, quiet, never));
        if (report.end.kind !== 'kept') throw new Error(report.end.kind);
        const { name } = report.end;
        deepEqual(await statesOf(project), ['1 pending', '2 pending']);
        deepEqual(
          (await project.trials()).map((it) => it.name),
          [name],
        );
        const { password, hostname, port, username } = new URL(url);
        const { words, line, environment } = project.psqlFor(name);
        ok(line.endsWith(` -d ${name}`) && !line.includes(password));
        deepEqual(words, ['-h', hostname, '-p', port, '-U', username, '-d', name]);
        deepEqual(environment, { PGSSLMODE: 'prefer', PGPASSWORD: password });
        await project.deleteTrial(name, {}, never);
        deepEqual(await project.trials(), []);
      }),
    ));

  it('takes its place when it is swapped, and nothing when nothing is pending', () =>
    withDatabase(servers.newest, (url) =>
      withWorkspace(files, async ({ engine, write }) => {
        const project = await projectOf(engine({ target: on(url), shadow: 'same-server' }));
        await withSession(url, (session) => session.rows('create table shop ()'));
        const report = reportOf(await project.trial({ ...wish, afterwards: 'swap' }, quiet, never));
        if (report.end.kind !== 'swapped') throw new Error(report.end.kind);
        match(report.end.kept.reason, /of a trial of 2 migrations/);
        deepEqual(await statesOf(project), ['1 applied', '2 applied']);
        equal((await project.trial(wish, quiet, never)).kind, 'nothing');
        await project.deleteSnapshot(report.end.kept.id, { disconnect: false }, never);
        // What was applied is known of the copy as well.
        write('db/migrations/1_users.sql', '-- migrate:up\nselect 1;\n-- migrate:down\n');
        write('db/migrations/3_items.sql', '-- migrate:up\ncreate table items ();\n-- migrate:down\n');
        const again = await projectOf(engine({ target: on(url), shadow: 'same-server' }));
        equal(reportOf(await again.trial({ ...wish, afterwards: 'swap' }, quiet, never)).end.kind, 'swapped');
        deepEqual(await statesOf(again), ['1 edited', '2 applied', '3 applied']);
      }),
    ));
});
