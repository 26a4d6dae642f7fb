/** The snapshots of a target, for a terminal. */
import type { Snapshot } from '../../engine/project';
import type { Paint } from '../terminal';
import { renderList } from './list';
import { bytes, timeOf } from './words';

export function renderSnapshots(snapshots: readonly Snapshot[], paint: Paint): string {
  if (snapshots.length === 0) return 'There are no snapshots.\n';
  const rows = snapshots.map(({ id, taken, bytes: size, version, reason, name, pinned, branchGone }) => [
    id,
    timeOf(taken),
    bytes(size),
    version ?? '-',
    `${pinned ? 'pinned: ' : ''}${name === undefined ? reason : `${name} (${reason})`}${branchGone ? ' (the branch is deleted in git)' : ''}`,
  ]);
  return renderList(['Snapshot', 'Taken', 'Size', 'Migration', 'Name and reason'], rows, paint);
}
