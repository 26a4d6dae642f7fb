/** `rehearsal trials`: lists the copies of trials that are there, or deletes one. */
import { Fault } from '../../engine/base/fault';
import type { KeptTrial } from '../../engine/project';
import { consentTo } from '../consent';
import { commonOptions, consentOptions } from '../options';
import { callPlaces, oneProject } from '../projects';
import { jsonProject } from '../render/json';
import { renderTrials } from '../render/trial';
import { declined } from '../result';
import type { Call, Command, ExitCode } from './command';

export const trials: Command = {
  name: 'trials',
  words: '[list | delete <copy>]',
  changes: true,
  options: [...consentOptions, ...commonOptions],
  says: 'list the copies of trials, or delete one',
  more: [
    'Those that rehearsal trial --keep-copy has kept, and those whose trial is going on or was cut off.',
    '',
    'delete <copy>  by its name, or a part of it that no other has; asks first, unless --yes is given, and cannot be',
    '               taken back',
  ].join('\n'),
  exits: { 0: 'done', 1: 'you did not agree' },
  examples: ['rehearsal trials', 'rehearsal trials delete rehearsal_trial_20260102030405'],
  async run(call) {
    const [verb = 'list', word, extra] = call.words;
    if (verb !== 'list' && verb !== 'delete')
      throw new Fault('bad-usage', `there is no "${verb}"; there are list and delete.`);
    const surplus = verb === 'list' ? word : extra;
    if (surplus !== undefined) throw new Fault('bad-usage', `"${surplus}" is too much for ${verb}.`);
    if (verb === 'list') return show(call);
    if (word === undefined) throw new Fault('bad-usage', 'name a copy; rehearsal trials lists them.');
    return remove(word, call);
  },
};

async function show(call: Call): Promise<ExitCode> {
  const project = await oneProject(call);
  const all = await project.trials(call.signal);
  if (call.json) call.print({ ...jsonProject(project, callPlaces(call)), trials: all });
  else call.terminal.out(renderTrials(all, call.terminal.paint));
  return 0;
}

async function remove(word: string, call: Call): Promise<ExitCode> {
  const { terminal, json, print, signal } = call;
  const project = await oneProject(call);
  const { name } = trialNamed(word, await project.trials(signal));
  const consent = await consentTo(`Delete the copy ${name}? It cannot be brought back.`, project.target, call);
  if (!consent) return declined(call);
  await project.deleteTrial(name, consent, signal);
  if (json) print({ ...jsonProject(project, callPlaces(call)), kind: 'deleted', name });
  else terminal.out(`Deleted the copy ${name}.\n`);
  return 0;
}

/** @throws {Fault} `no-such-trial`, `ambiguous` */
function trialNamed(word: string, all: readonly KeptTrial[]): KeptTrial {
  const found = all.filter(({ name }) => name === word || (word !== '' && name.includes(word)));
  const [first, ...others] = found;
  if (!first) throw new Fault('no-such-trial', `"${word}".`);
  if (others.length === 0) return first;
  throw new Fault('ambiguous', `"${word}" is part of the names ${found.map(({ name }) => name).join(', ')}.`);
}
