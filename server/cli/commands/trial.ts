/** `rehearsal trial`: runs pending migrations on a copy of the target with its rows, up, down and up again. */
import { Fault } from '../../engine/base/fault';
import { isProduction } from '../../engine/environments';
import type { Afterwards, Consent, Project, TrialResult, TrialSource } from '../../engine/project';
import { consentTo, unlessBusy } from '../consent';
import { commonOptions, consentOptions, retentionOptions } from '../options';
import type { Values } from '../arguments';
import { callPlaces, oneProject, whichOf } from '../projects';
import { renderFinding } from '../render/findings';
import { jsonProject } from '../render/json';
import { renderReport, renderRows, renderVerdict } from '../render/trial';
import { jsonTrial } from '../render/trialJson';
import { duration } from '../render/words';
import { declined } from '../result';
import { restoreLine, snapshotNamed } from '../snapshots';
import type { Call, Command, ExitCode } from './command';

export const trial: Command = {
  name: 'trial',
  words: undefined,
  changes: true,
  options: ['only', 'up-to', 'from', 'keep-copy', 'swap', ...retentionOptions, ...consentOptions, ...commonOptions],
  moved: {
    keep: 'rehearsal trial --keep-copy',
    list: 'rehearsal trials list',
    delete: 'rehearsal trials delete <copy>',
  },
  says: 'run pending migrations on a copy of the database with its rows, up, down and up again',
  more: [
    'The copy is a database on the same server, and what is run there is committed as the tool would; the database itself',
    'stays as it is. --from says where the copy comes from: copy (on the server, while nobody is connected), dump (read',
    'while others go on with their work), auto (copy, else dump; the default), or a snapshot by its id. It is dropped at',
    'the end; --keep-copy keeps it and says how to open it with psql (rehearsal trials lists and deletes such copies).',
    'With --swap nobody can write from before the copy is taken, and when all has gone well it becomes the database; the',
    'former one is kept as a snapshot. Asks before it begins where the copy is swapped, or is made on another machine,',
    'unless --yes is given.',
  ].join('\n'),
  exits: { 0: 'all ran, or nothing is pending', 1: 'Postgres refused a statement, or you did not agree' },
  examples: ['rehearsal trial', 'rehearsal trial --from dump --keep-copy', 'rehearsal trial --swap --disconnect --yes'],
  run: tryOut,
};

async function tryOut(call: Call): Promise<ExitCode> {
  const { terminal, values, signal } = call;
  if (values.swap && values['keep-copy']) throw new Fault('bad-usage', '--keep-copy and --swap exclude each other.');
  const project = await oneProject(call);
  const which = whichOf(values, (await project.status(signal)).migrations);
  const from = await sourceOf(values.from ?? 'auto', project, call);
  const afterwards: Afterwards = values.swap ? 'swap' : values['keep-copy'] ? 'keep' : 'drop';
  const consent = await agreed(project, afterwards, call);
  if (!consent) return declined(call);
  const result = await unlessBusy(
    (it) => project.trial({ ...it, which, from, afterwards }, ({ message }) => terminal.step(message), signal),
    consent,
    call,
  );
  terminal.progress(undefined);
  return result ? told(result, project, call) : declined(call);
}

async function sourceOf(word: string, project: Project, { signal }: Call): Promise<TrialSource> {
  if (word === 'auto' || word === 'copy' || word === 'dump') return word;
  return { snapshot: snapshotNamed(word, await project.snapshots(signal)).id };
}

/** A copy on this machine that goes again is nothing to be asked about, but for production. */
async function agreed({ target }: Project, afterwards: Afterwards, call: Call): Promise<Consent | undefined> {
  if (afterwards === 'swap')
    return consentTo(`Try them out on a copy, and let it become ${target.label}?`, target, call);
  if (target.local && !isProduction(target)) return { disconnect: call.values.disconnect ?? false };
  return consentTo(`Make a copy of ${target.label} on its server, and try them out there?`, target, call);
}

type Final = Exclude<TrialResult, { readonly kind: 'busy' }>;

function told(result: Final, project: Project, call: Call): ExitCode {
  const { terminal, json, print } = call;
  const places = callPlaces(call);
  if (json) print({ ...jsonProject(project, places), ...jsonTrial(result, places) });
  else terminal.out(textOf(result, project, call));
  return exitCodes[result.kind];
}

const exitCodes = { tried: 0, nothing: 0, refused: 1, cancelled: 130 } as const satisfies Record<
  Final['kind'],
  ExitCode
>;

function textOf(result: Final, project: Project, call: Call): string {
  const { terminal } = call;
  const places = callPlaces(call);
  const { paint } = terminal;
  switch (result.kind) {
    case 'nothing':
      return 'Nothing to try out: no migration is pending.\n';
    case 'cancelled':
      return `${paint('yellow', 'Cancelled.')} ${result.state}\n`;
    case 'refused':
      return [
        renderReport(result.report, places, paint),
        renderFinding(result.finding, places, terminal),
        renderRows(result.rows ?? [], paint),
        `${paint('red', `${result.version} was refused.`)} On the copy: ${result.state}\n`,
        endLine(result.report, project, call.values),
      ].join('');
    case 'tried':
      return [
        renderReport(result.report, places, paint),
        `${renderVerdict(result.report, paint)} (${duration(result.report.ms)})\n`,
        endLine(result.report, project, call.values),
      ].join('');
  }
}

function endLine(
  { end, target }: Extract<Final, { kind: 'tried' }>['report'],
  project: Project,
  values: Values,
): string {
  switch (end.kind) {
    case 'dropped':
      return `The copy has been dropped; ${target} is as it was.\n`;
    case 'kept':
      return `The copy is kept as ${end.name}; ${target} is as it was. Look at it with\n  ${project.psqlFor(end.name).line}\n`;
    case 'swapped':
      return `The copy is ${target} now. To go back to the state before: ${restoreLine(end.kept.id, values)}\n`;
  }
}
