/** `rehearsal drift`: in what a database is another one than what its applied migrations make. */
import { Fault } from '../../engine/base/fault';
import type { Drift, DriftedObject, Project } from '../../engine/project';
import { commonOptions, rehearsalOptions } from '../options';
import { callPlaces, oneProject } from '../projects';
import { harmless } from '../render/cells';
import { renderChangeCounts, renderChanges } from '../render/changes';
import { some } from '../render/findings';
import { jsonProject } from '../render/json';
import type { Call, Command, ExitCode } from './command';

export const drift: Command = {
  name: 'drift',
  words: '[object…]',
  options: ['ignore', 'reason', ...commonOptions, ...rehearsalOptions.filter((it) => it !== 'data-limit')],
  says: 'compare the database with what its applied migrations make',
  more: [
    'The applied migrations are replayed from nothing on a shadow, as they were applied, and its schema is compared with',
    'that of the database, object by object: - as the migrations make it, + as it is. Exit code 0: there is no drift, or',
    'all of it is ignored; 1: there is; 2: it could not be told for certain. Objects may be named as they are listed',
    '(public.orders, or "TABLE public.orders"); then nothing is said of others. What --ignore writes into',
    '.rehearsal/ignored-drift.json is left as it is until it changes once more.',
  ].join('\n'),
  examples: [
    'rehearsal drift',
    'rehearsal drift --format json',
    'rehearsal drift public.tmp --ignore --reason "a test"',
  ],
  async run(call) {
    const { terminal, values, signal } = call;
    if (values.reason !== undefined && !values.ignore)
      throw new Fault('bad-usage', '--reason says why something is ignored: it goes with --ignore.');
    const project = await oneProject(call);
    terminal.progress('Replaying what is applied…');
    const found = await project.drift(signal);
    terminal.progress(undefined);
    const objects = named(found, call.words);
    return values.ignore ? ignore(project, { ...found, objects }, call) : show(project, { ...found, objects }, call);
  },
};

/** @throws {Fault} `bad-usage` when one of them has not drifted */
function named({ objects }: Drift, words: readonly string[]): readonly DriftedObject[] {
  if (words.length === 0) return objects;
  const isNamed = (word: string) => (it: DriftedObject) => word === it.name || word === `${it.type} ${it.name}`;
  const unknown = words.find((word) => !objects.some(isNamed(word)));
  if (unknown !== undefined) throw new Fault('bad-usage', `${unknown} is none of the objects that have drifted.`);
  return objects.filter((it) => words.some((word) => isNamed(word)(it)));
}

const isTold = ({ ignored }: DriftedObject): boolean => ignored === undefined;

function exitCodeOf({ objects, doubts }: Drift): ExitCode {
  if (!objects.some(isTold)) return 0;
  return doubts.length > 0 ? 2 : 1;
}

function show(project: Project, found: Drift, call: Call): ExitCode {
  const places = callPlaces(call);
  const { objects, doubts, applied, rehearsedOn } = found;
  if (call.json) {
    call.print({ ...jsonProject(project, places), ...found, ignoreFile: places.path(found.ignoreFile) });
    return exitCodeOf(found);
  }
  const { out, say, paint, paintMessage } = call.terminal;
  const told = objects.filter(isTold);
  out(renderChanges(told, paint));
  for (const it of doubts) say(`${paintMessage('yellow', 'not certain:')} ${harmless(it)}`);
  const ignored = objects.length - told.length;
  const left = ignored === 0 ? '' : `, ${ignored} ignored`;
  const what = told.length === 0 ? 'no drift' : paint('yellow', `drift: ${renderChangeCounts(told)}`);
  out(`${project.target.label}: ${what}${left} (${some(applied, 'migration')} replayed on ${rehearsedOn})\n`);
  return exitCodeOf(found);
}

function ignore(project: Project, { objects, ignoreFile }: Drift, call: Call): ExitCode {
  const told = objects.filter(isTold);
  const path = callPlaces(call).path(ignoreFile);
  if (told.length > 0) project.ignoreDrift(told, call.values.reason ?? '');
  if (call.json) {
    const ignored = told.map(({ kind, type, name, id }) => ({ kind, type, name, id }));
    call.print({ ...jsonProject(project, callPlaces(call)), ignored, ignoreFile: path });
  } else
    call.terminal.out(
      told.length === 0 ? 'There is nothing to ignore.\n' : `${some(told.length, 'object')} ignored in ${path}.\n`,
    );
  return 0;
}
