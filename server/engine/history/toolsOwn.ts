/** Histories that only their tool writes: ours are read, and the tool itself applies and reverts. */
import type { Session } from '../database/session';
import type { Migration } from '../layouts/migration';
import { withAdvisoryLocks } from './advisoryLock';
import type { AppliedState, History } from './history';
import { ownLockId } from './ownLock';

/**
 * The lock is ours: the tool takes its own one, if it has any, when it runs.
 *
 * @param table for the lock
 */
export const onlyRead = (
  layout: History['layout'],
  table: string,
): Pick<History, 'layout' | 'withLock' | 'before' | 'after'> => ({
  layout,
  withLock: (session: Session, waitMs, use) => withAdvisoryLocks(session, [ownLockId(layout, table)], waitMs, use),
  before: () => Promise.reject(new Error(`${layout} writes its history itself`)),
  after: () => Promise.reject(new Error(`${layout} writes its history itself`)),
});

/** Also where it is recorded by what has come in its place. */
export function isRecorded(recorded: ReadonlySet<string>, { version, name }: Migration): AppliedState {
  const { replaces = [], recordedBy = [] } = name;
  const replaced = replaces.length > 0 && replaces.every((it) => recorded.has(it));
  return recorded.has(version) || replaced || recordedBy.some((it) => recorded.has(it)) ? 'applied' : 'pending';
}
