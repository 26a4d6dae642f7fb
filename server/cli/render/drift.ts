/** Drift as people and scripts read it. */
import type { Drift, DriftedObject, Project } from '../../engine/project';
import type { Call, ExitCode } from '../commands/command';
import { callPlaces } from '../projects';
import { harmless } from './cells';
import { renderChangeCounts, renderChanges } from './changes';
import { jsonProject } from './json';
import { some } from './words';

export const isTold = ({ ignored }: DriftedObject): boolean => ignored === undefined;

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

export function sayDoubts(doubts: readonly string[], { terminal: { say, paintMessage } }: Call): void {
  for (const it of doubts) say(`${paintMessage('yellow', 'not certain:')} ${harmless(it)}`);
}

function exitCodeOf({ objects, doubts }: Drift): ExitCode {
  if (!objects.some(isTold)) return 0;
  return doubts.length > 0 ? 2 : 1;
}
