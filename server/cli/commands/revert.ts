/** `rehearsal revert`: runs the down scripts of the newest applied migrations. */
import { Fault } from '../../engine/base/fault';
import { wholeNumber } from '../arguments';
import { consentTo, unlessBusy } from '../consent';
import { commonOptions, consentOptions } from '../options';
import { callPlaces, oneProject } from '../projects';
import { some } from '../render/findings';
import { declined, finish } from '../result';
import type { Command } from './command';

export const revert: Command = {
  name: 'revert',
  words: undefined,
  changes: true,
  options: ['count', 'no-snapshot', ...consentOptions, ...commonOptions],
  says: 'revert the newest applied migration by its down script',
  more: [
    'Newest first, through the history table of their tool and under its lock, after a snapshot. To go back without',
    'down scripts, restore a snapshot. Asks before it begins, unless --yes is given.',
  ].join('\n'),
  examples: ['rehearsal revert', 'rehearsal revert --count 3 --yes'],
  async run(call) {
    const { terminal, values, signal } = call;
    const count = wholeNumber('count', values.count ?? '1', 1);
    const project = await oneProject(call);
    const { migrations, server, blocked } = await project.status(signal);
    if (blocked !== undefined) throw new Fault('blocked', blocked);
    const places = callPlaces(call);
    const about = { project, places, verb: 'Reverted', call } as const;
    const applied = migrations.filter((it) => it.state === 'applied' || it.state === 'edited');
    const planned = applied.slice(-count).toReversed();
    if (planned.length === 0) return finish({ kind: 'nothing' }, about);
    const versions = planned.map(({ version }) => version);
    await project.mayRevert(versions, signal);

    if (!call.json || !values.yes) {
      terminal.say(`To revert on ${project.target.label} (${server}, ${project.target.because}):`);
      for (const { version, title } of planned) terminal.say(`  ${version}  ${title}`.trimEnd());
    }
    const question = `Revert ${some(planned.length, 'migration')} on ${project.target.label}?`;
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
