/** The databases of branches, for a terminal. */
import type { BranchDatabases } from '../../engine/project';
import type { Paint } from '../terminal';
import { harmless } from './cells';
import { renderList } from './list';
import { bytes, timeOf } from './words';

/** How one that says nothing is marked. */
function markingOf({ branch, fits, defaultBranch }: BranchDatabases): string {
  const command = 'rehearsal branch switch';
  if (fits === 'unknown')
    return `\n${command} makes it that of ${branch ?? ''}; where it is that of another, name that with --was.`;
  if (fits !== 'unclear') return '';
  const other = defaultBranch ?? 'BRANCH';
  return `\n${command} --was ${branch ?? ''} makes it that of ${branch ?? ''}; if it is that of ${other}, --was ${other} keeps it for that.`;
}

export function renderBranches(label: string, found: BranchDatabases, paint: Paint): string {
  const { branch, current, copies, elsewhere } = found;
  const whose =
    current === undefined ? 'does not say which branch it belongs to' : `is the database of ${harmless(current)}`;
  const head = branch === undefined ? 'no branch is checked out' : `${harmless(branch)} is checked out`;
  const also = elsewhere === undefined ? '' : ` ${harmless(`${current} is checked out in ${elsewhere}`)}.`;
  const said =
    current === branch
      ? `${label} ${whose}, which is checked out.`
      : `${label} ${whose}; ${head}.${also}${harmless(markingOf(found))}`;
  if (copies.length === 0) return `${said}\nNone is kept for other branches.\n`;
  const rows = copies.map((it) => [
    it.branch,
    bytes(it.bytes),
    timeOf(it.used),
    `${it.id}${it.gone ? ' (the branch is deleted in git)' : ''}`,
  ]);
  return `${said}\n${renderList(['Branch', 'Size', 'Last used', 'Database'], rows, paint)}`;
}
