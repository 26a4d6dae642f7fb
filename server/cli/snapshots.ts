/** The snapshots of a target: which one is meant, and how their list is shown. */
import { Fault } from '../engine/base/fault';
import type { Snapshot } from '../engine/project';
import { suggestion } from '../engine/base/nearest';
import type { Values } from './arguments';
import { harmless, padded, widest } from './render/cells';
import { bytes } from './render/findings';
import type { Paint } from './terminal';

/**
 * By its id, its name, or its reason where it has no name; or by a part of one that no other has.
 *
 * @throws {Fault} `no-such-snapshot`, `ambiguous`
 */
export function snapshotNamed(word: string, snapshots: readonly Snapshot[]): Snapshot {
  const called = snapshots.filter((it) => it.name === word);
  const exact = snapshots.find((it) => it.id === word) ?? (called.length === 1 ? called[0] : undefined);
  const isIn = (text: string | undefined) => word !== '' && text?.toLowerCase().includes(word.toLowerCase());
  const marked = snapshots.filter((it) => isIn(it.id) || isIn(it.name));
  // Until it has a name, the reason that it was taken for stands in its place in the list.
  const partly = marked.length > 0 ? marked : snapshots.filter((it) => it.name === undefined && isIn(it.reason));
  const found = exact ?? (partly.length === 1 ? partly[0] : undefined);
  if (found) return found;
  const idsOf = (some: readonly Snapshot[]) => some.map(({ id }) => id);
  if (partly.length > 1)
    throw new Fault('ambiguous', `"${word}" is part of the snapshots ${idsOf(partly).join(', ')}.`);
  throw new Fault('no-such-snapshot', `"${word}"${suggestion(word, idsOf(snapshots)) || '.'}`);
}

/** The command that puts it in the place of the same target. */
export const restoreLine = (id: string, { environment, database }: Values): string =>
  [
    `rehearsal restore ${id}`,
    ...(environment === undefined ? [] : [`--environment ${environment}`]),
    // It may hold a password.
    ...(database === undefined ? [] : ['--database …']),
  ].join(' ');

const headings = ['Snapshot', 'Taken', 'Size', 'Migration', 'Name and reason'];

export function renderSnapshots(snapshots: readonly Snapshot[], paint: Paint): string {
  if (snapshots.length === 0) return 'There are no snapshots.\n';
  const rows = snapshots.map(({ id, taken, bytes: size, version, reason, name, pinned, branchGone }) => [
    id,
    timeOf(taken),
    bytes(size),
    version ?? '-',
    `${pinned ? 'pinned: ' : ''}${harmless(name === undefined ? reason : `${name} (${reason})`)}${branchGone ? ' (the branch is deleted in git)' : ''}`,
  ]);
  const widths = [0, 1, 2, 3].map((column) => widest([headings, ...rows].map((row) => row[column] ?? '')));
  const line = (row: readonly string[]): string =>
    row.map((text, column) => padded(text, widths[column] ?? 0)).join('  ');
  return [paint('bold', line(headings)), ...rows.map(line)].map((it) => `${it}\n`).join('');
}

/** `2026-01-02 03:04` on the clock of this machine; Sweden writes times so. */
export const timeOf = (iso: string): string =>
  new Date(iso).toLocaleString('sv-SE', { dateStyle: 'short', timeStyle: 'short' });
