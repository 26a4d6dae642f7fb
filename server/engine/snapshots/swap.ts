/** Puts one database in the place of another by renames in one transaction, which Postgres does wholly or not at all. */
import type { Journal } from '../base/journal';
import { quoteIdentifier } from '../database/quote';
import { type Maintenance, aloneIn } from './maintenance';
import { ownComment } from './branchMark';
import { snapshotName } from './names';
import type { DatabaseFacts } from './properties';
import type { SnapshotRecord } from './record';
import { endSessions, othersIn } from './sessions';
import { admissionStatement, commentStatement, must, refusedFault } from './statements';
import type { SnapshotStep } from './steps';
import type { ServerTarget, Surroundings } from './target';

export interface Swap {
  readonly target: Named;
  readonly replacement: Named;
  /** The snapshot that is used up, when the replacement is one. */
  readonly used: string | null;
  /** What the target becomes; its id is the name it gets. */
  readonly kept: SnapshotRecord;
  /** The comment that the new target gets. */
  readonly comment: string | null;
  readonly disconnect: boolean;
}

interface Named {
  readonly name: string;
  readonly oid: number;
}

/** What the target is called and said to be once another database has its place. */
export function recordOfReplaced(
  { database }: ServerTarget,
  { bytes, comment }: DatabaseFacts,
  { reason, version }: { readonly reason: string; readonly version: string | undefined },
  around: Surroundings,
): SnapshotRecord {
  const now = around.now();
  return {
    rehearsal: 'snapshot',
    id: snapshotName(database.name, now),
    kind: 'copy',
    of: database.id,
    database: database.name,
    taken: now.toISOString(),
    reason,
    bytes,
    version: version ?? null,
    comment: ownComment(comment),
  };
}

/**
 * Sessions in either database are in the way. Newcomers wait at the door until the transaction has ended, all of which
 * goes out in one message but its end: cut off before that, nothing has changed.
 *
 * @returns the sessions in the way; undefined when it is done
 * @throws {Fault} `no-right` and the like: then nothing has changed. `connection-lost`: then the journal tells
 */
export async function swap(
  maintenance: Maintenance,
  { target, replacement, used, kept, comment, disconnect }: Swap,
  journal: Journal<SnapshotStep>,
  signal: AbortSignal,
): Promise<readonly string[] | undefined> {
  const { worker, watcher } = maintenance;
  const statements = [
    'begin',
    renameStatement(target.name, kept.id),
    renameStatement(replacement.name, target.name),
    admissionStatement(target.name, 'all'),
    commentStatement(target.name, comment),
    admissionStatement(kept.id, 'nobody'),
    commentStatement(kept.id, JSON.stringify(kept)),
  ];
  journal.note({ step: 'swap', replacement: replacement.name, replacementOid: replacement.oid, used, kept });
  const wish = { databases: [target.oid, replacement.oid], disconnect, signal };
  // Who is there when the locks are taken is looked for every 100 ms only (CountOtherDBBackends), while all others wait.
  if (disconnect) await endSessions(watcher, await othersIn(watcher, wish.databases));
  try {
    const done = await aloneIn(maintenance, wish, statements.join('; '));
    if (done.kind === 'busy') return done.says;
    if (done.kind === 'refused') throw refusedFault(done);
    await must(worker, 'commit');
    return undefined;
  } finally {
    if (!worker.lost && worker.transaction !== 'idle') await worker.run('rollback');
  }
}

const renameStatement = (from: string, to: string): string =>
  `alter database ${quoteIdentifier(from)} rename to ${quoteIdentifier(to)}`;
