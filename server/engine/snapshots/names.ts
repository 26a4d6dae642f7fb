/** Names of the databases that snapshots are kept in. */
import { randomBytes } from 'node:crypto';

/** NAMEDATALEN - 1: what is longer would be cut off by Postgres. */
const longestName = 63;

export const snapshotPrefix = 'rehearsal_snapshot_';

/**
 * `rehearsal_snapshot_<target>_<time>_<random>`, plain ASCII, so that characters are bytes in every encoding.
 * The name is for people; what it is a snapshot of stands in the comment on the database.
 */
export const snapshotName = (target: string, now: Date): string => nameOfCopy(snapshotPrefix, target, now);

export const trialPrefix = 'rehearsal_trial_';

/** In the same way. */
export const trialName = (target: string, now: Date): string => nameOfCopy(trialPrefix, target, now);

function nameOfCopy(prefix: string, target: string, now: Date): string {
  const time = now.toISOString().replaceAll(/\D/g, '').slice(0, 14);
  const tail = `_${time}_${randomBytes(3).toString('hex')}`;
  const room = longestName - prefix.length - tail.length;
  const plain = target.replaceAll(/[^A-Za-z0-9]+/g, '_').slice(0, room);
  return `${prefix}${plain}${tail}`;
}
