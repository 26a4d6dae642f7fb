/**
 * A migration whose file cannot be read, or run by us, is left out of the rehearsal, and those behind it may stand on it: what is
 * refused there says nothing for certain, and is told as what may follow from that file.
 */
import { basename } from 'node:path';
import type { Finding, Place } from '../project';
import type { ReadFile, ReadMigration } from './links';

/** The up file of this migration, when it cannot be read. */
export function unreadUp(read: ReadMigration | undefined): Place | undefined {
  const file = read?.files.get(read.link.up.path);
  return file && isUnread(file) ? { path: file.path, range: { start: 0, end: 0 } } : undefined;
}

export const isUnread = ({ problems, outside }: ReadFile): boolean =>
  outside !== undefined || problems.some(({ code }) => code === 'not-readable');

/** @param unread the last of those before */
export const followingFrom = (unread: Place, findings: readonly Finding[]): Finding[] =>
  findings.map((finding) => {
    if (!mayFollow(finding)) return finding;
    const { detail, consequenceOf = unread } = finding;
    const doubt = `It may follow from ${basename(unread.path)}, which was not rehearsed.`;
    return {
      ...finding,
      severity: 'hint',
      detail: detail === undefined ? doubt : `${detail} ${doubt}`,
      consequenceOf,
    };
  });

/** Of syntax, and of the time that a statement takes, another migration decides nothing. */
const ownFault = new Set(['42601', '57014']);

const mayFollow = ({ code, sqlState }: Finding): boolean =>
  code === 'breaks-function' || (sqlState !== undefined && !ownFault.has(sqlState));
