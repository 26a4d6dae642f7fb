/** What the command line does about drift: tells of it, leaves it, makes a migration of it, or takes it back. */
import { Fault } from '../engine/base/fault';
import type { Drift, DriftedObject, DriftScript, Project } from '../engine/project';
import type { Call, ExitCode } from './commands/command';
import { consentTo, unlessBusy } from './consent';
import { callPlaces, oneProject } from './projects';
import { harmless } from './render/cells';
import { renderChangeCounts, renderChanges } from './render/changes';
import { jsonProject } from './render/json';
import { some } from './render/words';
import { declined, finish } from './result';

/** @throws {Fault} `no-such-drift` when one of them has not drifted; `ambiguous` without its schema */
export function chosenDrift(found: Drift, words: readonly string[]): Drift {
  if (words.length === 0) return found;
  const chosen = new Set(words.flatMap((word) => namedDrift(word, found.objects)));
  return { ...found, objects: found.objects.filter((it) => chosen.has(it)) };
}

/** By its name, perhaps with its type before it; without its schema where one alone has it. */
function namedDrift(word: string, objects: readonly DriftedObject[]): readonly DriftedObject[] {
  const named = (nameOf: (it: DriftedObject) => string) =>
    objects.filter((it) => word === nameOf(it) || word === `${it.type} ${nameOf(it)}`);
  const whole = named(({ name }) => name);
  const found = whole.length > 0 ? whole : named(({ name }) => name.slice(name.indexOf('.') + 1));
  const names = [...new Set(found.map(({ name }) => harmless(name)))];
  if (names.length > 1) throw new Fault('ambiguous', `"${word}" is in ${names.join(' and in ')}.`);
  if (found.length > 0) return found;
  const drifted = objects.map((it) => `"${it.type} ${harmless(it.name)}"`).join(', ') || 'none';
  throw new Fault('no-such-drift', `${word} is none of the objects that have drifted: ${drifted}.`);
}

const isTold = ({ ignored }: DriftedObject): boolean => ignored === undefined;

export function showDrift(project: Project, found: Drift, call: Call): ExitCode {
  const places = callPlaces(call);
  const { objects, doubts, applied, rehearsedOn } = found;
  if (call.json) {
    call.print({ ...jsonProject(project, places), ...found, ignoreFile: places.path(found.ignoreFile) });
    return exitCodeOf(found);
  }
  const { out, paint } = call.terminal;
  const told = objects.filter(isTold);
  out(renderChanges(told, paint));
  sayDoubts(doubts, call);
  const ignored = objects.length - told.length;
  const left = ignored === 0 ? '' : `, ${ignored} ignored`;
  const what = told.length === 0 ? 'no drift' : paint('yellow', `drift: ${renderChangeCounts(told)}`);
  out(`${project.target.label}: ${what}${left} (${some(applied, 'migration')} replayed on ${rehearsedOn})\n`);
  if (told.length > 0)
    call.terminal.say('Make a migration of it with --write-migration TITLE, take it back with --undo, or --ignore it.');
  return exitCodeOf(found);
}

function sayDoubts(doubts: readonly string[], { terminal: { say, paintMessage } }: Call): void {
  for (const it of doubts) say(`${paintMessage('yellow', 'not certain:')} ${harmless(it)}`);
}

function exitCodeOf({ objects, doubts }: Drift): ExitCode {
  if (!objects.some(isTold)) return 0;
  return doubts.length > 0 ? 2 : 1;
}

export function ignoreDrift(project: Project, { objects, ignoreFile }: Drift, call: Call): ExitCode {
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

export async function writeDriftMigration(
  project: Project,
  found: Drift,
  title: string,
  call: Call,
): Promise<ExitCode> {
  const { terminal, values, json, print, signal } = call;
  const script = await scriptOf(project, found, 'migration', call);
  if (!script) return nothing(project, call);
  const path = project.writeDriftMigration(script, title);
  const shown = callPlaces(call).path(path);
  if (!json) {
    terminal.out(`Wrote ${shown}.\n`);
    for (const it of script.losses) terminal.say(`Where it is applied it throws away: ${harmless(it)}`);
  }
  const { label } = project.target;
  if (values.record) {
    const consent = await consentTo(`Record it as applied to ${label}, without running it?`, project.target, call);
    if (!consent) return declined(call);
    await (await oneProject(call)).recordApplied(path, consent, signal);
    if (!json) terminal.out(`Recorded as applied to ${label}.\n`);
  } else if (!json)
    terminal.say(`${label} has all of it already: there it is to be recorded as applied, and not run (--record).`);
  if (json)
    print({ ...jsonProject(project, callPlaces(call)), path: shown, losses: script.losses, recorded: !!values.record });
  return 0;
}

export async function undoDrift(project: Project, found: Drift, call: Call): Promise<ExitCode> {
  const { terminal, values, json, signal } = call;
  const script = await scriptOf(project, found, 'undo', call);
  if (!script) return nothing(project, call);
  const { label } = project.target;
  if (!json || !values.yes) {
    terminal.say(`To run on ${label}, in order:`);
    for (const line of script.text.trimEnd().split('\n')) terminal.say(`  ${harmless(line)}`);
    for (const it of script.losses) terminal.say(`${terminal.paintMessage('red', 'This is lost:')} ${harmless(it)}`);
  }
  const question = `Undo the drift of ${some(script.objects.length, 'object')} on ${label}?`;
  const consent = await consentTo(question, project.target, call);
  if (!consent) return declined(call);
  const ids = found.objects.filter(isTold).map(({ id }) => id);
  const result = await unlessBusy(
    (agreed) =>
      project.undoDrift(
        { ...agreed, ids, text: script.text, snapshot: !values['no-snapshot'] },
        (it) => terminal.step(it.message),
        signal,
      ),
    consent,
    call,
  );
  if (!result) return declined(call);
  return finish(result, { project, places: callPlaces(call), verb: 'Undid', call });
}

/** Undefined where nothing has drifted. */
async function scriptOf(
  project: Project,
  { objects, doubts }: Drift,
  way: DriftScript['way'],
  call: Call,
): Promise<DriftScript | undefined> {
  const told = objects.filter(isTold);
  if (told.length === 0) return undefined;
  sayDoubts(doubts, call);
  // Who names objects has seen them.
  const ids = call.words.length > 0 ? told.map(({ id }) => id) : undefined;
  call.terminal.step('Looking for the way…');
  const script = await project.driftScript(way, ids, call.signal);
  call.terminal.progress(undefined);
  return script;
}

function nothing(project: Project, call: Call): ExitCode {
  if (call.json) call.print({ ...jsonProject(project, callPlaces(call)), kind: 'nothing' });
  else call.terminal.out(`${project.target.label}: no drift.\n`);
  return 0;
}
