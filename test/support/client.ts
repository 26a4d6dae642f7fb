/** A plain connection for tests: puts a database into a state, and looks at what became of it. */
import { Client } from 'pg';

type Query = (sql: string, values?: unknown[]) => Promise<readonly Record<string, unknown>[]>;

/** Closed when `use` is done. */
export async function withClient<T>(url: string, use: (query: Query) => Promise<T>): Promise<T> {
  const client = new Client(url);
  await client.connect();
  try {
    return await use(async (sql, values) => (await client.query<Record<string, unknown>>(sql, values)).rows);
  } finally {
    await client.end();
  }
}
