/** The snapshots of a target: which one is meant, and how their list is shown. */
import { Fault } from '../engine/base/fault';
import type { Snapshot } from '../engine/project';
import { suggestion } from '../engine/base/nearest';
import { harmless, padded, widest } from './render/cells';
import { bytes } from './render/findings';

/**
 * By its id, or a part of it that no other has.
 *
 * @throws {Fault} `no-such-snapshot`
 */
export function snapshotNamed(word: string, snapshots: readonly Snapshot[]): Snapshot {
  const exact = snapshots.find((it) => it.id === word);
  const [part, ...others] = snapshots.filter((it) => word !== '' && it.id.includes(word));
  const found = exact ?? (others.length === 0 ? part : undefined);
  if (found) return found;
  const ids = snapshots.map((it) => it.id);
  const detail = part
    ? `"${word}" is part of several: ${ids.filter((id) => id.includes(word)).join(', ')}.`
    : `"${word}"${suggestion(word, ids) || '.'}`;
  throw new Fault('no-such-snapshot', detail);
}

export function renderSnapshots(snapshots: readonly Snapshot[]): string {
  if (snapshots.length === 0) return 'There are no snapshots.\n';
  const rows = snapshots.map(({ id, taken, bytes: size, version, reason }) => [
    id,
    timeOf(taken),
    bytes(size),
    version ?? '-',
    harmless(reason),
  ]);
  const widths = [0, 1, 2, 3].map((column) => widest(rows.map((row) => row[column] ?? '')));
  return rows.map((row) => `${row.map((text, column) => padded(text, widths[column] ?? 0)).join('  ')}\n`).join('');
}

const timeOf = (iso: string): string => iso.replace('T', ' ').replace(/(\.\d+)?Z$/, ' UTC');
