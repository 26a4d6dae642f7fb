/** What the user writes on a snapshot that is there, its name and whether it stays: at the snapshot itself, then in our list. */
import { Fault } from '../base/fault';
import type { SnapshotMark } from '../project';
import { withMaintenance } from './maintenance';
import { type SnapshotRecord, recordIn } from './record';
import { register } from './registry';
import { commentStatement, must } from './statements';
import type { ServerTarget, SnapshotTarget, Surroundings } from './target';

/** Postgres has no limit for a comment; this is one for people. */
const longestName = 200;

/**
 * @returns its record as it is now
 * @throws {Fault} `no-such-snapshot`, `locked`; `no-right` for a copy that another role owns; `bad-mark` for a name
 *   that is too long or has more than one line
 */
export async function markSnapshot(
  target: SnapshotTarget,
  snapshot: SnapshotRecord,
  mark: SnapshotMark,
  around: Surroundings,
): Promise<SnapshotRecord> {
  const { name = '' } = mark;
  if (name.length > longestName || /[\p{Cc}\p{Zl}\p{Zp}]/u.test(name))
    throw new Fault('bad-mark', `a name is one line of ${longestName} characters at most; choose a shorter one.`);
  if (mark.pinned === false && snapshot.branch !== undefined)
    throw new Fault('bad-mark', `the database of the branch ${snapshot.branch} is pinned until that is deleted.`);
  const marked =
    target.kind === 'server' && snapshot.kind === 'copy'
      ? await markCopy(target, snapshot, mark, around)
      : withMark(snapshot, mark);
  register(around.storage, marked);
  return marked;
}

/** Read again under the lock: somebody in another window may have written on it meanwhile. */
function markCopy(
  target: ServerTarget,
  snapshot: SnapshotRecord,
  mark: SnapshotMark,
  { signal }: Surroundings,
): Promise<SnapshotRecord> {
  return withMaintenance(target, signal, async ({ worker }) => {
    const [copy] = await worker.rows<{ comment: string | null }>(
      `select shobj_description(oid, 'pg_database') as comment from pg_database where datname = $1`,
      [snapshot.id],
    );
    if (!copy) throw new Fault('no-such-snapshot', `the database ${snapshot.id} is not on the server any more.`);
    const found = recordIn(copy.comment);
    const marked = withMark(found?.id === snapshot.id ? found : snapshot, mark);
    await must(worker, commentStatement(snapshot.id, JSON.stringify(marked)));
    return marked;
  });
}

function withMark(record: SnapshotRecord, { name, pinned }: SnapshotMark): SnapshotRecord {
  const { name: formerName, pinned: formerly, ...rest } = record;
  const called = name === undefined ? formerName : name.trim();
  return { ...rest, ...(called ? { name: called } : {}), ...((pinned ?? formerly) ? { pinned: true } : {}) };
}
