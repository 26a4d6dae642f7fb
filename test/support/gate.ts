/** Holds work at a known step: a lock that the step needs is held by the test, and Postgres tells who waits for it. */
import { Client } from 'pg';
import { until } from './killable';

export interface Gate {
  /** Resolves with the process id of the first session that waits, of those that are meant. */
  waits(): Promise<number>;
  /** Ends the session that waits. */
  endWaiting(): Promise<void>;
  open(): Promise<void>;
}

/** A table of the whole server, so that this waits in whatever database it runs; nobody else writes to it. */
export const gated = 'lock table pg_catalog.pg_replication_origin in row exclusive mode';

/** For `gated`. Whoever logs in may read that table, and does. */
export const gateOfStatements = 'lock table pg_catalog.pg_replication_origin in share mode';
/** For the comments that end a swap of databases, inside its transaction. */
export const gateOfSwaps = 'lock table pg_catalog.pg_shdescription in share mode';

/** Databases that are no shadows. */
export const ofTargets = '^(?!rehearsal_shadow_)';

/**
 * @param url of a database that the work under test leaves alone
 * @param among regular expression for the databases whose sessions are meant: rehearsals may wait as well
 */
export async function withGate<T>(url: string, lock: string, use: (gate: Gate) => Promise<T>, among = ''): Promise<T> {
  const holder = new Client(url);
  // Its server may be killed while it is open.
  holder.on('error', () => undefined);
  await holder.connect();
  await holder.query(`begin; ${lock}`);
  const waits = (): Promise<number> =>
    until(async () => {
      // Within a transaction pg_stat_activity says the same again and again.
      await holder.query('select pg_stat_clear_snapshot()');
      const { rows } = await holder.query<{ pid: number }>(
        `select pid from pg_locks join pg_stat_activity using (pid)
          where not granted and pg_backend_pid() = any (pg_blocking_pids(pid)) and datname ~ $1`,
        [among],
      );
      return rows[0]?.pid;
    });
  try {
    return await use({
      waits,
      endWaiting: async () => void (await holder.query('select pg_terminate_backend($1, 5000)', [await waits()])),
      open: async () => void (await holder.query('rollback')),
    });
  } finally {
    await holder.end();
  }
}
