/** `rehearsal apply`: runs pending migrations on the target, as their tool would, after a snapshot. */
import { Fault } from '../../engine/base/fault';
import {
  type ApplyRequest,
  type Finding,
  isErrorOfUp,
  type MigrationStatus,
  type Project,
  type Status,
} from '../../engine/project';
import { consentTo, mustBeAnswerable, unlessBusy } from '../consent';
import { commonOptions, consentOptions, rehearsalOptions, snapshotOptions } from '../options';
import { callPlaces, oneProject, whichOf } from '../projects';
import { renderCounts, renderFindings } from '../render/findings';
import { jsonFile, jsonProject } from '../render/json';
import { looks } from '../render/status';
import { hasErrors, placeOf, type Rehearsed, rehearse } from '../rehearsal';
import { some } from '../render/words';
import { type About, declined, finish } from '../result';
import type { Paint } from '../terminal';
import type { Call, Command, ExitCode } from './command';

export const apply: Command = {
  name: 'apply',
  words: undefined,
  changes: true,
  options: [
    'only',
    'up-to',
    'no-rehearsal',
    'no-snapshot',
    ...snapshotOptions,
    ...consentOptions,
    ...commonOptions,
    ...rehearsalOptions,
  ],
  says: 'apply pending migrations',
  more: [
    'All pending migrations, oldest first, through the history table of their tool and under its lock, after a',
    'snapshot. They are rehearsed first, as by rehearsal check, and nothing is applied when that finds errors, unless',
    '--no-rehearsal is given. The first error stops. Asks before it begins, unless --yes is given.',
  ].join('\n'),
  exits: {
    0: 'applied, or nothing to do',
    1: 'the rehearsal found errors, Postgres refused a statement, or you did not agree',
  },
  examples: ['rehearsal apply', 'rehearsal apply --up-to 42 --yes', 'rehearsal apply --yes --confirm shop_staging'],
  async run(call) {
    const { terminal, values, signal } = call;
    const project = await oneProject(call);
    const status = await project.status(signal);
    if (status.blocked !== undefined) throw new Fault('blocked', status.blocked);
    const which = whichOf(values, status.migrations);
    const planned = plannedBy(which, status);
    const places = callPlaces(call);
    const about = { project, places, verb: 'Applied', call } as const;
    if (planned.length === 0) return finish({ kind: 'nothing' }, about);
    await project.mayApply(which, signal);
    mustBeAnswerable(call, project.target);
    const rehearsed = values['no-rehearsal'] ? undefined : await rehearsePlanned(project, planned, call);
    if (rehearsed && rehearsed.files.some(({ findings }) => findings.some(isErrorOfUp))) {
      // Somebody else may just have applied them, so that the statements met what they make.
      return (await project.refreshIfMoved('asked')) === 'moved' ? apply.run(call) : refuse(rehearsed, about);
    }

    if (!call.json || !values.yes) {
      terminal.say(`To apply to ${project.target.label} (${status.server}, ${project.target.because}):`);
      for (const { version, title } of planned) terminal.say(`  ${version}  ${title}`.trimEnd());
      if (rehearsed)
        terminal.say(`Rehearsed on ${placeOf(rehearsed.check)}: ${countsOf(rehearsed, terminal.paintMessage)}`);
      if (rehearsed && hasErrors(rehearsed.files)) terminal.say(ofDown(rehearsed, about));
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

function rehearsePlanned(project: Project, planned: readonly MigrationStatus[], call: Call): Promise<Rehearsed> {
  call.terminal.progress(`Rehearsing ${some(planned.length, 'migration')}…`);
  const paths = planned.flatMap(({ migration }) => migration?.upPath ?? []);
  return rehearse(project, paths, call, () => {});
}

const countsOf = ({ files }: Rehearsed, paint: Paint): string =>
  renderCounts(
    files.flatMap(({ findings }) => findings),
    paint,
  );

/** What is wrong with down scripts keeps nothing from being applied, but from being reverted. */
function ofDown({ files }: Rehearsed, { places, call: { terminal } }: About): string {
  const look = { paint: terminal.paintMessage, columns: terminal.columns };
  const isWrong = ({ severity, direction }: Finding) => severity === 'error' && direction === 'down';
  const wrong = files.map(({ path, findings }) => ({ path, findings: findings.filter(isWrong) }));
  const shown = wrong.map((file) => renderFindings(file, places, look)).join('');
  return `${shown}That is in down scripts: it can be applied, and not be reverted by them.`;
}

/** Nothing was changed, and nobody was asked. */
function refuse(rehearsed: Rehearsed, { places, call }: About): ExitCode {
  const { project, check, files } = rehearsed;
  const { terminal, json, print } = call;
  if (json) {
    const { rehearsedOn } = check;
    const told = files.map((it) => jsonFile(it, places));
    print({ ...jsonProject(project, places), kind: 'rehearsal-failed', rehearsedOn, files: told });
    return 1;
  }
  for (const file of files) terminal.out(renderFindings(file, places, terminal));
  const found = `Rehearsed on ${placeOf(check)}: ${countsOf(rehearsed, terminal.paint)}.`;
  terminal.out(`${terminal.paint('red', 'Nothing was applied.')} ${found} Add --no-rehearsal to apply all the same.\n`);
  return 1;
}

/** @throws {Fault} `not-pending` when the only one wanted is not */
function plannedBy(which: ApplyRequest['which'], { migrations }: Status): readonly MigrationStatus[] {
  const pending = migrations.filter((it) => it.state === 'pending');
  if (which === 'all') return pending;
  if ('upTo' in which) {
    const last = migrations.findIndex((it) => it.version === which.upTo);
    return pending.filter((it) => migrations.indexOf(it) <= last);
  }
  const wanted = migrations.find((it) => it.version === which.only);
  if (wanted?.state === 'pending') return [wanted];
  throw new Fault('not-pending', `${which.only} is ${wanted ? looks[wanted.state].word : 'unknown'}.`);
}
