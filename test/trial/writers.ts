/** An application that writes all the time, on several connections, and connects anew whenever it is sent away. */
import { setTimeout as delay } from 'node:timers/promises';
import { Client, DatabaseError } from 'pg';

export interface Writers {
  /** Numbers that Postgres has said are committed. */
  readonly committed: ReadonlySet<number>;
  /** Why a write or a login failed, with how often; SQLSTATE or errno. */
  readonly failures: ReadonlyMap<string, number>;
  /** Longest time between two commits of one writer, in milliseconds. */
  readonly longestMs: () => number;
  stop(): Promise<void>;
}

/** @param url of a database with a table `written (n int)` */
export function startWriters(url: string, count: number): Writers {
  const committed = new Set<number>();
  const failures = new Map<string, number>();
  const over = new AbortController();
  let [next, longest] = [0, 0];
  const write = async (): Promise<void> => {
    let client: Client | undefined;
    let last = performance.now();
    while (!over.signal.aborted) {
      const n = next++;
      try {
        client ??= await connected(url);
        await client.query('insert into written (n) values ($1)', [n]);
        committed.add(n);
        longest = Math.max(longest, performance.now() - last);
        last = performance.now();
      } catch (cause) {
        const code = codeOf(cause);
        failures.set(code, (failures.get(code) ?? 0) + 1);
        await client?.end().catch(() => undefined);
        client = undefined;
      }
      await delay(1);
    }
    await client?.end();
  };
  const running = Array.from({ length: count }, write);
  return {
    committed,
    failures,
    longestMs: () => longest,
    async stop() {
      over.abort();
      await Promise.all(running);
    },
  };
}

async function connected(url: string): Promise<Client> {
  const client = new Client({ connectionString: url, application_name: 'shop' });
  client.on('error', () => {});
  await client.connect();
  return client;
}

function codeOf(cause: unknown): string {
  if (cause instanceof DatabaseError) return cause.code ?? cause.message;
  if (!(cause instanceof Error)) throw cause;
  return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.message;
}
