/** `rehearsal snapshot`: takes a restorable copy of the target, or lists those that are there. */
import type { Snapshot } from '../../engine/project';
import { unlessBusy } from '../consent';
import { commonOptions } from '../options';
import { callPlaces, oneProject } from '../projects';
import { harmless, padded, widest } from '../render/cells';
import { bytes, duration } from '../render/findings';
import { jsonProject, jsonSnapshot, printed, rounded } from '../render/json';
import { declined } from '../result';
import type { Command } from './command';

export const snapshot: Command = {
  name: 'snapshot',
  words: '[reason…]',
  options: ['list', 'disconnect', 'confirm', 'yes', ...commonOptions],
  says: 'take a snapshot of the database, or list the snapshots',
  more: 'A snapshot is a copy on the same server, or a dump file where a copy is refused. Restore it with rehearsal restore.',
  examples: ['rehearsal snapshot before the big change', 'rehearsal snapshot --list'],
  async run(call) {
    const { terminal, values, words, json, signal } = call;
    const project = await oneProject(call);
    const known = jsonProject(project, callPlaces(call));
    if (values.list) {
      const snapshots = await project.snapshots();
      terminal.out(json ? printed({ ...known, snapshots: snapshots.map(jsonSnapshot) }) : renderSnapshots(snapshots));
      return 0;
    }
    const reason = words.join(' ') || 'by hand';
    const consent = {
      disconnect: values.disconnect ?? false,
      ...(values.confirm !== undefined && { confirmedName: values.confirm }),
    };
    terminal.progress(`Taking a snapshot of ${project.target.label}…`);
    const result = await unlessBusy((agreed) => project.snapshot({ ...agreed, reason }, signal), consent, call);
    terminal.progress(undefined);
    if (!result) return declined(call);
    const { snapshot: taken, ms } = result;
    if (json) terminal.out(printed({ ...known, kind: 'taken', snapshot: jsonSnapshot(taken), ms: rounded(ms) }));
    else terminal.out(`Took snapshot ${taken.id} of ${taken.target} (${bytes(taken.bytes)}) in ${duration(ms)}.\n`);
    return 0;
  },
};

export function renderSnapshots(snapshots: readonly Snapshot[]): string {
  if (snapshots.length === 0) return 'There are no snapshots.\n';
  const rows = snapshots.map(({ id, taken, bytes: size, version, reason }) => [
    id,
    taken.replace('T', ' ').replace(/(\.\d+)?Z$/, ' UTC'),
    bytes(size),
    version ?? '-',
    harmless(reason),
  ]);
  const widths = [0, 1, 2, 3].map((column) => widest(rows.map((row) => row[column] ?? '')));
  return rows.map((row) => `${row.map((text, column) => padded(text, widths[column] ?? 0)).join('  ')}\n`).join('');
}
