/** Who else is connected to a database, and how they are made to go. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Session } from '../database/session';

/** One that Postgres would wait for before it copies or renames the database. */
export interface OtherSession {
  /** For people: `psql of user alice from 10.0.0.7, idle`. */
  readonly says: string;
  /** Undefined for a prepared transaction, which nobody can be disconnected from. */
  readonly pid: number | undefined;
}

/**
 * The sessions in these databases. Autovacuum is left out: Postgres itself sends it away.
 *
 * @param databases object identifiers; names could change hands meanwhile
 */
export async function othersIn(maintenance: Session, databases: readonly number[]): Promise<readonly OtherSession[]> {
  const sessions = await maintenance.rows<SessionRow>(
    `select pid, coalesce(application_name, '') as application, coalesce(usename::text, '') as "user",
       case when client_addr is not null then host(client_addr) when client_port = -1 then 'this machine' end as client,
       coalesce(state, '') as state, backend_type as type
     from pg_catalog.pg_stat_activity
     where datid = any ($1::oid[]) and pid <> pg_backend_pid() and backend_type is distinct from 'autovacuum worker'
       -- Of the sessions of others, whoever has no special right sees no type; autovacuum has no user either.
       and (backend_type is not null or usesysid is not null)
     order by backend_start, pid`,
    [databases],
  );
  const prepared = await maintenance.rows<{ gid: string; owner: string }>(
    `select gid, owner::text from pg_catalog.pg_prepared_xacts p join pg_catalog.pg_database d on d.datname = p.database
     where d.oid = any ($1::oid[]) order by prepared`,
    [databases],
  );
  return [
    ...sessions.map((row) => ({ says: described(row), pid: row.pid })),
    ...prepared.map(({ gid, owner }) => ({
      says: `prepared transaction '${gid}' of user ${owner}, which only COMMIT PREPARED or ROLLBACK PREPARED ends`,
      pid: undefined,
    })),
  ];
}

/** A session that was closed a moment ago, often one of our own, is seen until its process has ended. */
const goneAfterMs = 1_000;
/** A process ends within milliseconds. Postgres itself, when it waits for one, looks every 100. */
const lookAgainMs = 5;

/** Those of the sessions in these databases that do not leave by themselves. */
export async function othersStaying(
  maintenance: Session,
  databases: readonly number[],
): Promise<readonly OtherSession[]> {
  return stillThere(() => othersIn(maintenance, databases));
}

/**
 * Ends these sessions and waits until they are gone, or for a second.
 *
 * @throws {Fault} `no-right` when one of them belongs to a role that we may not interrupt
 */
export async function endSessions(maintenance: Session, sessions: readonly OtherSession[]): Promise<void> {
  const pids = sessions.flatMap(({ pid }) => pid ?? []);
  if (pids.length === 0) return;
  await maintenance.rows('select pg_catalog.pg_terminate_backend(pid) from unnest($1::int[]) as pid', [pids]);
  await stillThere(() =>
    maintenance.rows('select pid from pg_catalog.pg_stat_activity where pid = any ($1::int[])', [pids]),
  );
}

/** @returns what is left when all have gone, or the time is over */
async function stillThere<T>(look: () => Promise<readonly T[]>): Promise<readonly T[]> {
  const until = performance.now() + goneAfterMs;
  let left = await look();
  while (left.length > 0 && performance.now() < until) {
    await delay(lookAgainMs);
    left = await look();
  }
  return left;
}

interface SessionRow {
  readonly pid: number;
  readonly application: string;
  readonly user: string;
  readonly client: string | null;
  readonly state: string;
  readonly type: string | null;
}

function described({ pid, application, user, client, state, type }: SessionRow): string {
  const what = application || (type && type !== 'client backend' ? type : 'a session');
  const parts = [user && `of user ${user}`, client && `from ${client}`, `(process ${pid})`].filter(Boolean);
  return `${what} ${parts.join(' ')}${state ? `, ${state}` : ''}`;
}
