/** `rehearsal snapshot`: takes a restorable copy of the target. */
import type { Project, SnapshotForecast } from '../../engine/project';
import { isAgreedTo, unlessBusy } from '../consent';
import { commonOptions, consentOptions, snapshotOptions } from '../options';
import { callPlaces, oneProject } from '../projects';
import { jsonProject, jsonSnapshot, rounded } from '../render/json';
import { bytes, duration } from '../render/words';
import { declined } from '../result';
import type { Call, Command, ExitCode } from './command';

export const snapshot: Command = {
  name: 'snapshot',
  words: '[reason…]',
  changes: true,
  options: ['file', ...snapshotOptions, ...consentOptions, ...commonOptions],
  says: 'take a snapshot of the database',
  moved: { list: 'rehearsal snapshots list', delete: 'rehearsal snapshots delete <snapshot>' },
  more: [
    'A snapshot is a copy on the same server, or a dump file where a copy is refused. Restore it with rehearsal restore;',
    'list, name, pin, compare and delete with rehearsal snapshots. All are kept until you delete them, or say how many',
    'with --keep-count, how long with --keep-days, or up to which size with --keep-mb: then the oldest that are not',
    'pinned go after a new one.',
  ].join('\n'),
  exits: { 0: 'taken', 1: 'you did not agree' },
  examples: ['rehearsal snapshot before the big change', 'rehearsal snapshot --file --gzip'],
  run: take,
};

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

const known = (project: Project, call: Call) => jsonProject(project, callPlaces(call));
