/** The snapshots of a target: what our registry says and what stands on the server, put together. */
import { existsSync } from 'node:fs';
import { givingUp } from '../database/givingUp';
import { onSession } from '../database/onSession';
import { openBeside } from './maintenance';
import { snapshotPrefix } from './names';
import { type SnapshotRecord, recordIn } from './record';
import { dataPath, dumpPath, packedPath, registered } from './registry';
import type { ServerTarget, SnapshotTarget } from './target';

/**
 * Newest first. Copies are found by their comments even when the registry is lost, and by the registry when somebody
 * changed the comment; one that was dropped from the server is none any more.
 *
 * @throws as Database.open
 */
export async function recordsOf(
  target: SnapshotTarget,
  storage: string,
  signal: AbortSignal,
): Promise<readonly SnapshotRecord[]> {
  const ours = registered(storage).filter(({ of }) => of === target.database.id);
  const copies = target.kind === 'server' ? await copiesOnServer(target, signal) : new Map<string, string | null>();
  const found = new Map<string, SnapshotRecord>();
  for (const record of ours) {
    const there = record.kind === 'copy' ? copies.has(record.id) : existsSync(fileOf(storage, record));
    if (there) found.set(record.id, record);
  }
  for (const [name, comment] of copies) {
    const record = recordIn(comment);
    // A copy that was renamed by hand is no snapshot of ours any more.
    if (record?.id === name && record.database === target.database.name) found.set(name, record);
  }
  return [...found.values()].toSorted((a, b) => compare(b.taken, a.taken) || compare(b.id, a.id));
}

/** Databases that are named like snapshots, with their comments, unless somebody else has written these. */
async function copiesOnServer(target: ServerTarget, signal: AbortSignal): Promise<ReadonlyMap<string, string | null>> {
  return onSession(openBeside(target, signal), async (session) => {
    const rows = await givingUp(session, signal, () =>
      session.rows<{ name: string; comment: string | null }>(
        // A DROP DATABASE that was cut off leaves an invalid one, which nothing but another DROP can be done with.
        // Anybody who may make databases may write such a comment on his own: it would take the target's place.
        `select d.datname::text as name,
           case when d.datdba = t.datdba or r.rolsuper or r.rolname = current_user
             then pg_catalog.shobj_description(d.oid, 'pg_database') end as comment
         from pg_catalog.pg_database as d join pg_catalog.pg_roles as r on r.oid = d.datdba
           left join pg_catalog.pg_database as t on t.datname = $2
         where pg_catalog.starts_with(d.datname, $1) and d.datconnlimit <> -2`,
        [snapshotPrefix, target.database.name],
      ),
    );
    return new Map(rows.map(({ name, comment }) => [name, comment]));
  });
}

function fileOf(storage: string, { kind, id, packed }: SnapshotRecord): string {
  if (kind !== 'file') return dataPath(storage, id);
  return packed === undefined ? dumpPath(storage, id) : packedPath(storage, id);
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
