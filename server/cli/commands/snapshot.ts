/** `rehearsal snapshot`: takes a restorable copy of the target, lists those that are there, or throws one away. */
import { Fault } from '../../engine/base/fault';
import type { Project, SnapshotForecast } from '../../engine/project';
import { consentTo, isAgreedTo, unlessBusy } from '../consent';
import { commonOptions, consentOptions, snapshotOptions } from '../options';
import { callPlaces, oneProject } from '../projects';
import { harmless } from '../render/cells';
import { bytes, duration } from '../render/findings';
import { jsonProject, jsonSnapshot, rounded } from '../render/json';
import { declined } from '../result';
import { renderSnapshots, snapshotNamed, timeOf } from '../snapshots';
import type { Call, Command, ExitCode } from './command';

export const snapshot: Command = {
  name: 'snapshot',
  words: '[reason…]',
  changes: true,
  options: ['list', 'delete', 'file', ...snapshotOptions, ...consentOptions, ...commonOptions],
  says: 'take a snapshot of the database, list the snapshots, or delete one',
  more: [
    'A snapshot is a copy on the same server, or a dump file where a copy is refused. Restore it with rehearsal restore;',
    'name, pin and compare it with rehearsal snapshots. All are kept until you delete them, or say how many with',
    '--keep-count, how long with --keep-days, or up to which size with --keep-mb: then the oldest that are not pinned go',
    'after a new one.',
    'To delete one, a part of its id that no other has is enough. That asks first, unless --yes is given, and cannot be',
    'taken back.',
  ].join('\n'),
  examples: [
    'rehearsal snapshot before the big change',
    'rehearsal snapshot --list',
    'rehearsal snapshot --delete 20260102030405',
  ],
  async run(call) {
    const { list, delete: unwanted } = call.values;
    const [word] = call.words;
    if (list && unwanted !== undefined) throw new Fault('bad-usage', '--list and --delete exclude each other.');
    if (unwanted !== undefined && word !== undefined)
      throw new Fault('bad-usage', `--delete takes one snapshot and no reason; "${word}" is too much.`);
    if (unwanted !== undefined) return remove(unwanted, call);
    return list ? show(call) : take(call);
  },
};

export async function show(call: Call): Promise<ExitCode> {
  const project = await oneProject(call);
  const snapshots = await project.snapshots(call.signal);
  if (call.json) call.print({ ...known(project, call), snapshots: snapshots.map(jsonSnapshot) });
  else call.terminal.out(renderSnapshots(snapshots, call.terminal.paint));
  return 0;
}

async function take(call: Call): Promise<ExitCode> {
  const { terminal, values, words, json, print, signal } = call;
  const project = await oneProject(call);
  const reason = words.join(' ') || 'by hand';
  const consent = {
    disconnect: values.disconnect ?? false,
    ...(values.confirm !== undefined && { confirmedName: values.confirm }),
  };
  const form = values.file ? ({ form: 'file' } as const) : {};
  const foreseen = await project.snapshotForecast(form.form, signal);
  if (!foreseen.fits && !(await isAgreedTo(tooLarge(foreseen), call))) return declined(call);
  terminal.progress(`Taking a snapshot of ${project.target.label} (${told(foreseen)})…`);
  const result = await unlessBusy((agreed) => project.snapshot({ ...agreed, ...form, reason }, signal), consent, call);
  terminal.progress(undefined);
  if (!result) return declined(call);
  const { snapshot: taken, ms } = result;
  if (json) print({ ...known(project, call), kind: 'taken', snapshot: jsonSnapshot(taken), ms: rounded(ms) });
  else terminal.out(`Took snapshot ${taken.id} of ${taken.target} (${bytes(taken.bytes)}) in ${duration(ms)}.\n`);
  return 0;
}

/** The size and time of what is about to be taken, and the room where that is known. */
const told = ({ bytes: size, ms, room }: SnapshotForecast): string =>
  `${bytes(size)}, about ${duration(ms)}${room ? `; ${bytes(room.bytes)} are free` : ''}`;

const tooLarge = ({ bytes: size, room }: SnapshotForecast): string =>
  `The snapshot takes about ${bytes(size)}, and only ${bytes(room?.bytes ?? 0)} are free in ${room?.folder}. Take it all the same?`;

export async function remove(word: string, call: Call): Promise<ExitCode> {
  const { terminal, json, print, signal } = call;
  const project = await oneProject(call);
  const chosen = snapshotNamed(word, await project.snapshots(signal));
  const { target } = project;
  const question = `Delete the snapshot of ${target.label} of ${timeOf(chosen.taken)} (${harmless(chosen.reason)})? It cannot be brought back.`;
  const consent = await consentTo(question, target, call);
  if (!consent) return declined(call);
  terminal.progress(`Deleting a snapshot of ${target.label}…`);
  await project.deleteSnapshot(chosen.id, consent, signal);
  terminal.progress(undefined);
  if (json) print({ ...known(project, call), kind: 'deleted', snapshot: jsonSnapshot(chosen) });
  else terminal.out(`Deleted snapshot ${chosen.id} of ${target.label} (${bytes(chosen.bytes)}).\n`);
  return 0;
}

const known = (project: Project, call: Call) => jsonProject(project, callPlaces(call));
