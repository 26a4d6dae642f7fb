/** `rehearsal revert`: runs the down scripts of the newest applied migrations. */
import { Fault } from '../../engine/base/fault';
import type { Status } from '../../engine/project';
import { wholeNumber } from '../arguments';
import { consentTo, unlessBusy } from '../consent';
import { commonOptions, consentOptions, snapshotOptions } from '../options';
import { callPlaces, oneProject } from '../projects';
import { some } from '../render/words';
import { declined, finish } from '../result';
import type { Command } from './command';

export const revert: Command = {
  name: 'revert',
  words: undefined,
  changes: true,
  options: ['count', 'no-snapshot', ...snapshotOptions, ...consentOptions, ...commonOptions],
  says: 'revert the newest applied migration by its down script',
  more: [
    'Newest first, through the history table of their tool and under its lock, after a snapshot. One that is applied and',
    'not in the folder, as after a checkout, is reverted by the SQL that was kept when it was applied. To go back without',
    'down scripts, restore a snapshot. Asks before it begins, unless --yes is given.',
  ].join('\n'),
  exits: { 0: 'reverted, or nothing to do', 1: 'Postgres refused a statement, or you did not agree' },
  examples: ['rehearsal revert', 'rehearsal revert --count 3 --yes'],
  async run(call) {
    const { terminal, values, signal } = call;
    const count = wholeNumber('count', values.count ?? '1', 1);
    const project = await oneProject(call);
    const { migrations, revertible, server, blocked } = await project.status(signal);
    if (blocked !== undefined) throw new Fault('blocked', blocked);
    const places = callPlaces(call);
    const about = { project, places, verb: 'Reverted', call } as const;
    const versions = revertible.slice(0, count);
    if (versions.length === 0) return finish({ kind: 'nothing' }, about);
    await project.mayRevert(versions, signal);

    if (!call.json || !values.yes) {
      terminal.say(`To revert on ${project.target.label} (${server}, ${project.target.because}):`);
      for (const version of versions) terminal.say(`  ${lineOf(version, migrations)}`);
    }
    const question = `Revert ${some(versions.length, 'migration')} on ${project.target.label}?`;
    const consent = await consentTo(question, project.target, call);
    if (!consent) return declined(call);
    const result = await unlessBusy(
      (agreed) =>
        project.revert(
          { ...agreed, versions, snapshot: !values['no-snapshot'] },
          (it) => terminal.step(it.message),
          signal,
        ),
      consent,
      call,
    );
    return result ? finish(result, about) : declined(call);
  },
};

function lineOf(version: string, migrations: Status['migrations']): string {
  const found = migrations.find((it) => it.version === version);
  const kept = found?.state === 'missing' ? '(not in this folder: by the SQL kept)' : '';
  return [version, found?.title ?? '', kept].filter((it) => it !== '').join('  ');
}
