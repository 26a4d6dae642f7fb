/** The databases of branches, for a terminal. */
import type { BranchDatabases } from '../../engine/project';
import { timeOf } from '../snapshots';
import type { Paint } from '../terminal';
import { harmless, padded, widest } from './cells';
import { bytes } from './findings';

const headings = ['Branch', 'Size', 'Last used', 'Database'];

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
    harmless(it.branch),
    bytes(it.bytes),
    timeOf(it.used),
    `${it.id}${it.gone ? ' (the branch is deleted in git)' : ''}`,
  ]);
  const widths = [0, 1, 2].map((column) => widest([headings, ...rows].map((row) => row[column] ?? '')));
  const line = (row: readonly string[]): string =>
    row.map((text, column) => padded(text, widths[column] ?? 0)).join('  ');
  return [said, paint('bold', line(headings)), ...rows.map(line)].map((it) => `${it}\n`).join('');
}
