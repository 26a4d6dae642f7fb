/** `rehearsal apply`: runs pending migrations on the target, as their tool would, after a snapshot. */
import { Fault } from '../../engine/base/fault';
import type { ApplyRequest, MigrationStatus, Status } from '../../engine/project';
import type { Values } from '../arguments';
import { consentTo, mustBeAnswerable, unlessBusy } from '../consent';
import { commonOptions, consentOptions } from '../options';
import { callPlaces, migrationNamed, oneProject } from '../projects';
import { some } from '../render/findings';
import { declined, finish } from '../result';
import type { Command } from './command';

export const apply: Command = {
  name: 'apply',
  words: undefined,
  changes: true,
  options: ['only', 'up-to', 'no-snapshot', ...consentOptions, ...commonOptions],
  says: 'apply pending migrations',
  more: [
    'All pending migrations, oldest first, through the history table of their tool and under its lock, after a',
    'snapshot. The first error stops. Asks before it begins, unless --yes is given. Exit code 0: applied or nothing',
    'to do, 1: Postgres refused a statement, 2: it could not be done, 130: cancelled.',
  ].join('\n'),
  examples: ['rehearsal apply', 'rehearsal apply --up-to 42 --yes', 'rehearsal apply --yes --confirm shop_staging'],
  async run(call) {
    mustBeAnswerable(call);
    const { terminal, values, signal } = call;
    const project = await oneProject(call);
    const status = await project.status(signal);
    if (status.blocked !== undefined) throw new Fault('history-moved', status.blocked);
    const which = whichOf(values, status.migrations);
    const planned = plannedBy(which, status);
    const places = callPlaces(call);
    const about = { project, places, verb: 'Applied', call } as const;
    if (planned.length === 0) return finish({ kind: 'nothing' }, about);

    if (!call.json || !values.yes) {
      terminal.say(`To apply to ${project.target.label} (${status.server}, ${project.target.because}):`);
      for (const { version, title } of planned) terminal.say(`  ${version}  ${title}`);
    }
    const question = `Apply ${some(planned.length, 'migration')} to ${project.target.label}?`;
    const consent = await consentTo(question, project.target, call);
    if (!consent) return declined(call);
    const result = await unlessBusy(
      (agreed) =>
        project.apply(
          { ...agreed, which, snapshot: !values['no-snapshot'] },
          (it) => terminal.step(it.message),
          signal,
        ),
      consent,
      call,
    );
    return result ? finish(result, about) : declined(call);
  },
};

/** @throws {Fault} `bad-usage`, `no-such-migration` */
function whichOf({ only, 'up-to': upTo }: Values, migrations: readonly MigrationStatus[]): ApplyRequest['which'] {
  if (only !== undefined && upTo !== undefined) throw new Fault('bad-usage', '--only and --up-to exclude each other.');
  if (only !== undefined) return { only: migrationNamed(only, migrations).version };
  return upTo === undefined ? 'all' : { upTo: migrationNamed(upTo, migrations).version };
}

/** @throws {Fault} `no-such-migration` when the only one wanted is not pending */
function plannedBy(which: ApplyRequest['which'], { migrations }: Status): readonly MigrationStatus[] {
  const pending = migrations.filter((it) => it.state === 'pending');
  if (which === 'all') return pending;
  if ('upTo' in which) {
    const last = migrations.findIndex((it) => it.version === which.upTo);
    return pending.filter((it) => migrations.indexOf(it) <= last);
  }
  const wanted = migrations.find((it) => it.version === which.only);
  if (wanted?.state === 'pending') return [wanted];
  throw new Fault('no-such-migration', `${which.only} is not pending but ${wanted?.state ?? 'unknown'}.`);
}
