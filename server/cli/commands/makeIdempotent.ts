/** `rehearsal make-idempotent`: rewrites a file so that running it again changes nothing, and tries whether that is so. */
import { changedLines } from '../../engine/base/changedLines';
import { Fault } from '../../engine/base/fault';
import { wholeText } from '../../engine/base/text';
import { untilAborted } from '../../engine/base/untilAborted';
import type { Idempotence } from '../../engine/project';
import { commonOptions, rehearsalOptions } from '../options';
import { allProjects, callPlaces, select } from '../projects';
import { harmless } from '../render/cells';
import { renderChanges, renderLine } from '../render/changes';
import { jsonProject } from '../render/json';
import type { Places } from '../render/places';
import { some } from '../render/words';
import type { Call, Command } from './command';

export const makeIdempotent: Command = {
  name: 'make-idempotent',
  words: '<path>',
  takesPaths: true,
  options: ['write', ...commonOptions, ...rehearsalOptions],
  says: 'rewrite a migration so that running it again changes nothing',
  more: [
    'IF NOT EXISTS, IF EXISTS, OR REPLACE, ON CONFLICT, and blocks that look into the catalog first. The rewritten file is',
    'run twice on a throw-away copy: the first run has to do what the old text does, the second one nothing. What cannot be',
    'made so is left and told. Without --write nothing is changed.',
  ].join('\n'),
  exits: { 0: 'it changes nothing when it is run again', 1: 'it does, or does not do what the old text does' },
  examples: [
    'rehearsal make-idempotent db/migrations/0042_x.up.sql',
    'rehearsal make-idempotent db/migrations/0042_x.up.sql --write',
  ],
  async run(call) {
    const { terminal, values, json, print, signal, world } = call;
    const selected = select(await allProjects(call), call.words, call.folder);
    const [only, ...others] = selected;
    const [path, ...more] = only?.files ?? [];
    if (!only || path === undefined || others.length > 0 || more.length > 0)
      throw new Fault('bad-usage', 'rehearsal make-idempotent takes the path of one file.');
    const { project } = only;
    const places = callPlaces(call, selected);
    terminal.progress('Running it twice…');
    await untilAborted(project.copyRows(), signal);
    const was = places.text(path);
    const made = await project.makeIdempotent(path, signal);
    terminal.progress(undefined);
    const isOffered = (made.verdict === 'rewritten' || made.verdict === 'partly') && made.edits.length > 0;
    const isWritten = isOffered && values.write === true;
    if (isWritten) world.files.replace(path, wholeText({ text: made.text, isMarked: world.files.isMarked(path) }));
    if (json)
      print({
        ...jsonProject(project, places),
        path: places.path(path),
        ...jsonOf(made, path, places),
        written: isWritten,
      });
    else terminal.out(rendered(made, { was, path, isOffered, isWritten }, places, call));
    if (isOffered && made.isApplied && !json)
      terminal.say(`${project.target.label} has it already: rewritten, it counts as edited since.`);
    return made.verdict === 'already' || made.verdict === 'rewritten' ? 0 : 1;
  },
};

function jsonOf(
  { verdict, isApplied, text, left, changes, tables, rehearsedOn }: Idempotence,
  path: string,
  places: Places,
) {
  return {
    verdict,
    ...(isApplied && { applied: true }),
    text,
    left: left.map(({ range, why }) => ({ ...places.show({ path, range }), message: why })),
    changes,
    tables,
    rehearsedOn,
  };
}

const verdicts: Readonly<Record<Idempotence['verdict'], string>> = {
  already: 'Run twice it changes nothing; there is nothing to rewrite.',
  rewritten: 'Run once it does what it did before; run twice it changes nothing more.',
  partly: 'It does not change nothing when it is run again:',
  differs: 'The rewritten file would not do what this one does, and is not offered:',
  refused: 'Postgres refuses it as it is: see rehearsal check.',
};

interface Shown {
  readonly was: string;
  readonly path: string;
  readonly isOffered: boolean;
  readonly isWritten: boolean;
}

function rendered(made: Idempotence, { was, path, isOffered, isWritten }: Shown, places: Places, call: Call): string {
  const { paint } = call.terminal;
  const name = places.path(path);
  const lines = isOffered ? changedLines(was, made.text, 2).map((it) => renderLine(it, paint)) : [];
  const why = made.left.map(({ range, why }) => {
    const { line, column } = places.show({ path, range });
    return `${name}:${line}:${column} ${harmless(why)}`;
  });
  const rows = made.tables.length === 0 ? [] : [`Rows of ${made.tables.map(harmless).join(', ')} would be others.`];
  const done = isWritten
    ? [`${name} is written, ${some(made.changed.length, 'statement')} changed.`]
    : isOffered
      ? ['Nothing is written: add --write.']
      : [];
  const changes = renderChanges(made.changes, paint).trimEnd();
  return [...lines, verdicts[made.verdict], ...why, ...rows, ...(changes === '' ? [] : [changes]), ...done, ''].join(
    '\n',
  );
}
