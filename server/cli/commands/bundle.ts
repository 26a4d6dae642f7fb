/** `rehearsal bundle`: the scripts by which somebody else brings a target to its newest migration, with psql alone. */
import { resolve } from 'node:path';
import { Fault } from '../../engine/base/fault';
import { untilAborted } from '../../engine/base/untilAborted';
import type { BundleResult } from '../../engine/project';
import { commonOptions, rehearsalOptions } from '../options';
import { callPlaces, migrationNamed, oneProject } from '../projects';
import { renderFinding } from '../render/findings';
import { jsonFinding, jsonProject } from '../render/json';
import type { Places } from '../render/places';
import { some } from '../render/words';
import type { Call, Command } from './command';

export const bundle: Command = {
  name: 'bundle',
  words: undefined,
  options: ['out', 'up-to', ...commonOptions, ...rehearsalOptions],
  says: 'prepare the scripts for those who apply them by psql',
  more: [
    'Writes a folder for those who may change a database that you may not: a script that brings it from where it is to',
    "the newest migration, with the rows of the tool's history, which passes over what is applied and stops where the",
    'history or the schema is not as expected; one that takes it back; one that verifies it; checksums; and a README.txt',
    'that says what to do. What is pending is rehearsed first; nothing is written when that finds errors. The database',
    'is only read.',
  ].join('\n'),
  exits: { 0: 'written, or nothing to do', 1: 'the rehearsal found errors' },
  examples: [
    'rehearsal bundle --environment production --out release-42',
    'rehearsal bundle --up-to 42 --out to-42 --format json',
  ],
  async run(call) {
    const { terminal, values, signal, folder } = call;
    if (!values.out) throw new Fault('bad-usage', 'rehearsal bundle wants --out FOLDER.');
    const out = resolve(folder, values.out);
    const project = await oneProject(call);
    const places = callPlaces(call);
    const upTo = values['up-to'];
    const which =
      upTo === undefined ? 'all' : { upTo: migrationNamed(upTo, (await project.status(signal)).migrations).version };
    terminal.progress('Rehearsing…');
    // As a check does, so that both say the same.
    await untilAborted(project.copyRows(), signal);
    const result = await project.bundle({ out, which }, signal);
    terminal.progress(undefined);
    if (call.json) call.print({ ...jsonProject(project, places), ...plain(result, values.out, places) });
    else terminal.out(told(result, values.out, places, call));
    return result.kind === 'refused' ? 1 : 0;
  },
};

function told(result: BundleResult, out: string, places: Places, { terminal }: Call): string {
  const { paint } = terminal;
  switch (result.kind) {
    case 'nothing':
      return 'Nothing to prepare: no migration is pending.\n';
    case 'refused':
      return `${result.errors.map((it) => renderFinding(it, places, terminal)).join('')}${paint('red', 'Nothing was written.')}\n`;
    case 'written': {
      const { versions, withoutDown, fingerprints } = result;
      const after = fingerprints.after ?? 'not known: rehearsed on another major version';
      const oneWay = withoutDown.length === 0 ? '' : `There is no way back from ${withoutDown.join(', ')}.\n`;
      return `${paint('green', `Prepared ${some(versions.length, 'migration')} in ${out}`)}: ${versions.join(', ')}
Fingerprint of the schema before: ${fingerprints.before}
Fingerprint of the schema after:  ${after}
${oneWay}README.txt in it says what to do.
`;
    }
  }
}

function plain(result: BundleResult, out: string, places: Places) {
  switch (result.kind) {
    case 'nothing':
      return result;
    case 'refused':
      return {
        kind: result.kind,
        errors: result.errors.map((it) => ({ path: places.path(it.path), ...jsonFinding(it, places) })),
      };
    case 'written':
      return { ...result, out };
  }
}
