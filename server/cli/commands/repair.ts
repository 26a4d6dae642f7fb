/** `rehearsal repair`: ends what the tool complains of, by what its own command would write into its history. */
import { Fault } from '../../engine/base/fault';
import type { Project, Repair } from '../../engine/project';
import { consentTo } from '../consent';
import { commonOptions, consentOptions } from '../options';
import { callPlaces, oneProject } from '../projects';
import { harmless } from '../render/cells';
import { jsonProject } from '../render/json';
import { declined } from '../result';
import type { Call, Command, ExitCode } from './command';

export const repair: Command = {
  name: 'repair',
  words: '[number]',
  changes: true,
  options: [...consentOptions, ...commonOptions],
  says: 'list the ways out of what the tool complains of in its history, or take one',
  more: [
    "Each changes the tool's history as its own command would (migrate force, flyway repair, prisma migrate resolve), and",
    'nothing else: which one is right depends on what the database really has. Without a number they are listed, with',
    'what is run. Asks before it begins, unless --yes is given.',
  ].join('\n'),
  exits: { 0: 'listed, or done', 1: 'you did not agree' },
  examples: ['rehearsal repair', 'rehearsal repair 1 --yes'],
  async run(call) {
    const project = await oneProject(call);
    const [word, ...others] = call.words;
    const offered = await project.repairs(call.signal);
    if (word === undefined) return show(project, offered, call);
    const chosen = /^[1-9]\d*$/.test(word) && others.length === 0 ? offered[Number(word) - 1] : undefined;
    if (!chosen)
      throw new Fault('bad-usage', `there is no repair ${[word, ...others].join(' ')}; rehearsal repair lists them.`);
    return take(project, chosen, call);
  },
};

async function show(project: Project, offered: readonly Repair[], call: Call): Promise<ExitCode> {
  const { blocked } = await project.status(call.signal);
  if (call.json) {
    call.print({
      ...jsonProject(project, callPlaces(call)),
      ...(blocked !== undefined && { blocked }),
      repairs: offered,
    });
    return 0;
  }
  const nothing =
    blocked === undefined ? 'There is nothing to repair.' : 'The tool has no command that would end that.';
  const lines = offered.flatMap((it, i) => [
    `${i + 1}  ${harmless(it.title)} (as ${harmless(it.command)})`,
    `   When: ${harmless(it.when)}`,
    ...it.statements.map((sql) => `   ${harmless(sql)};`),
  ]);
  call.terminal.out(
    `${[...(blocked === undefined ? [] : [harmless(blocked)]), ...(lines.length > 0 ? lines : [nothing])].join('\n')}\n`,
  );
  return 0;
}

async function take(project: Project, chosen: Repair, call: Call): Promise<ExitCode> {
  const { title, when, statements } = chosen;
  const { label } = project.target;
  const question = `${harmless(title)} on ${label}? That is right when this is so: ${harmless(when)}\n${statements.map((sql) => `  ${harmless(sql)};`).join('\n')}\n`;
  const consent = await consentTo(question, project.target, call);
  if (!consent) return declined(call);
  await project.repair(chosen, consent, call.signal);
  if (call.json) call.print({ ...jsonProject(project, callPlaces(call)), kind: 'repaired', repair: chosen });
  else call.terminal.out(`Repaired the history of ${label}: ${harmless(title)}.\n`);
  return 0;
}
