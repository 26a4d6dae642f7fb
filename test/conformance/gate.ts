/** Holds a script where it is, so that two processes meet at the same time. */
import { Client } from 'pg';
import { until } from '../support/killable';

/** Goes on when the gate is open; waits for no lock of Postgres, which would give up. */
export const gated =
  'do $$ begin while not pg_try_advisory_xact_lock(4711) loop perform pg_sleep(0.01); end loop; end $$;';

export interface Gate {
  /** Resolves when a script stands before it. */
  reached(): Promise<void>;
  /** Resolves when some session waits for a lock that another one has. */
  blocks(): Promise<void>;
  /** Resolves when a session has asked last what is like this, and waits without a lock of Postgres. */
  asks(query: string): Promise<void>;
  open(): Promise<void>;
}

/** @param url of the database */
export async function withGate(url: string, use: (gate: Gate) => Promise<void>): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  const someone = async (which: string): Promise<void> =>
    void (await until(async () => {
      const { rows } = await client.query<{ pid: number }>(
        `select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and ${which}`,
      );
      return rows[0]?.pid;
    }));
  try {
    await client.query('select pg_advisory_lock(4711)');
    await use({
      reached: () => someone("state = 'active' and query like '%pg_try_advisory_xact_lock(4711)%'"),
      blocks: () => someone('cardinality(pg_blocking_pids(pid)) > 0'),
      asks: (query) => someone(`state like 'idle%' and query ilike '${query}'`),
      open: async () => void (await client.query('select pg_advisory_unlock(4711)')),
    });
  } finally {
    await client.end();
  }
}
