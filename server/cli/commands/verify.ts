/** `rehearsal verify`: runs migrations up and down again on a shadow, and says whether all is as it was. */
import { existsSync } from 'node:fs';
import { untilAborted } from '../../engine/base/untilAborted';
import { isBad, type VerdictKind } from '../../engine/verification';
import type { Values } from '../arguments';
import { commonOptions, rehearsalOptions } from '../options';
import { allProjects, callPlaces, type Selection, select } from '../projects';
import { jsonProject } from '../render/json';
import type { Places } from '../render/places';
import { renderProject } from '../render/status';
import { jsonVerified, renderVerdictCounts, renderVerified, standing, type Tried, wayOn } from '../render/verdicts';
import type { Call, Command } from './command';

export const verify: Command = {
  name: 'verify',
  words: '[path…]',
  takesPaths: true,
  options: ['all', 'suggest', 'write', 'allow-losses', 'allow-missing', ...commonOptions, ...rehearsalOptions],
  says: 'try down scripts: is all as it was before?',
  more: [
    'Runs the pending migrations, or those of the files named, or with --all every one, up and down again on a throw-away',
    'copy, and compares schema and rows before and afterwards. Tables without rows get a few that are made up. With',
    '--suggest a way back is found and tried where there is none that leads back; --write writes it into the down script,',
    'and what is written counts by what it leads to.',
  ].join('\n'),
  exits: {
    0: 'every down script is exact, or its verdict is allowed',
    1: 'one is not exact, loses data, fails or is missing',
    2: 'nothing could be tried',
  },
  examples: ['rehearsal verify', 'rehearsal verify --all --allow-losses --format json', 'rehearsal verify --write'],
  async run(call) {
    const selected = select(await allProjects(call), call.words, call.folder);
    const places = callPlaces(call, selected);
    const allowed = allowedBy(call.values);
    const told: { readonly selection: Selection; readonly verified: readonly Tried[] }[] = [];
    for (const selection of selected)
      told.push({ selection, verified: await verifyProject(selection, selected.length > 1, places, call) });
    const all = told.flatMap(({ verified }) => verified);
    if (call.json) {
      const projects = told.map(({ selection: { project }, verified }) => ({
        ...jsonProject(project, places),
        migrations: verified.map((it) => jsonVerified(it, places)),
      }));
      call.print({ projects });
    } else {
      call.terminal.out(renderVerdictCounts(all, call.terminal.paint));
      const way = wayOn(all, call.values);
      if (way !== undefined) call.terminal.say(way);
    }
    return all.some((it) => isBad(standing(it).kind, allowed)) ? 1 : 0;
  },
};

const allowedBy = (values: Values): ReadonlySet<VerdictKind> =>
  new Set<VerdictKind>([
    ...(values['allow-losses'] ? (['loses'] as const) : []),
    ...(values['allow-missing'] ? (['missing', 'impossible'] as const) : []),
  ]);

async function verifyProject(
  { project, files }: Selection,
  isNamed: boolean,
  places: Places,
  call: Call,
): Promise<Tried[]> {
  const { terminal, values, json, signal } = call;
  if (isNamed && !json) terminal.out(renderProject(project, places, terminal.paint));
  terminal.progress(`Trying the down scripts of ${places.path(project.folder.path)}…`);
  // As a check does, so that both say the same.
  await untilAborted(project.copyRows(), signal);
  const told: Tried[] = [];
  const suggests = values.suggest === true || values.write === true;
  const which = files ?? (values.all ? 'all' : 'pending');
  await project.verify(
    { which, suggests },
    (verified) => {
      told.push(verified);
      if (!json) terminal.out(renderVerified(verified, places, terminal));
    },
    signal,
  );
  terminal.progress(undefined);
  return values.write ? told.map((it) => written(it, places, call)) : told;
}

/** @throws {Fault} `not-writable`, `disk-full` */
function written(tried: Tried, places: Places, { world, terminal }: Call): Tried {
  const { suggestion, pending, path: upPath } = tried;
  if (!suggestion?.file) return tried;
  const { path, text } = suggestion.file;
  if (existsSync(path)) world.files.replace(path, text);
  else world.files.write(path, text);
  const stays = pending || path !== upPath ? '' : ' It is applied already: nothing but its way back is another one.';
  terminal.say(`${places.path(path)} is written.${stays}`);
  return { ...tried, written: true };
}
