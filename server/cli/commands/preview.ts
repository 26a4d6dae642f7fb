/** `rehearsal preview`: the schema before and after pending migrations, object by object. */
import { Fault } from '../../engine/base/fault';
import { untilAborted } from '../../engine/base/untilAborted';
import type { Project } from '../../engine/project';
import { commonOptions, rehearsalOptions } from '../options';
import { callPlaces, migrationNamed, oneProject } from '../projects';
import { renderChangeCounts, renderChanges, renderWhole } from '../render/changes';
import { renderFinding } from '../render/findings';
import { jsonFinding, jsonProject } from '../render/json';
import { some } from '../render/words';
import type { Call, Command } from './command';

export const preview: Command = {
  name: 'preview',
  words: '[version | path]',
  options: ['full', ...commonOptions, ...rehearsalOptions],
  says: 'show how the schema changes',
  more: 'Of all pending migrations together, or of the one named. Nothing is changed.',
  exits: { 0: 'shown' },
  examples: ['rehearsal preview', 'rehearsal preview 42', 'rehearsal preview --full --format json'],
  async run(call) {
    const { terminal, values, json, print, signal } = call;
    const project = await oneProject(call);
    const places = callPlaces(call);
    const which = await wanted(project, call);
    terminal.progress('Rehearsing…');
    // As a check does, so that both say the same.
    await untilAborted(project.copyRows(), signal);
    const shown = await project.preview(which, signal);
    terminal.progress(undefined);
    if (json) {
      const { before, after, errors, ...rest } = shown;
      const told = errors.map((it) => ({ path: places.path(it.path), ...jsonFinding(it, places) }));
      print({ ...jsonProject(project, places), ...rest, errors: told, ...(values.full && { before, after }) });
      return 0;
    }
    const left =
      shown.refused === 0
        ? ''
        : `, without ${some(shown.refused, 'statement')} refused or not rehearsed (see rehearsal check)`;
    terminal.out(values.full ? renderWhole(shown, terminal.paint) : renderChanges(shown.changes, terminal.paint));
    for (const it of shown.errors) terminal.out(renderFinding(it, places, terminal));
    const wrong =
      shown.errors.length === 0
        ? ''
        : `; ${terminal.paint('red', some(shown.errors.length, 'error'))}, so that it cannot be applied as it is`;
    terminal.out(`Rehearsed on ${shown.rehearsedOn}: ${renderChangeCounts(shown.changes)}${left}${wrong}\n`);
    return 0;
  },
};

/** @throws {Fault} `bad-usage`, `no-such-migration`, `ambiguous`, `bad-migration` */
async function wanted(project: Project, { words: [word, ...others] }: Call): Promise<string> {
  if (word === undefined) return 'pending';
  if (others.length > 0)
    throw new Fault('bad-usage', 'rehearsal preview takes one migration, or none for all pending ones.');
  const files = project.folder.migrations.map((migration) => ({ ...migration, state: 'pending' as const, migration }));
  const path = migrationNamed(word, files).migration?.upPath;
  if (path === undefined) throw new Fault('bad-migration', `${word} has no up script.`);
  return path;
}
