/** A plain connection for tests: puts a database into a state, and looks at what became of it. */
import { Client } from 'pg';

export type Query = (sql: string, values?: unknown[]) => Promise<readonly Record<string, unknown>[]>;

/** Closed when `use` is done. */
export const withClient = <T>(url: string, use: (query: Query) => Promise<T>): Promise<T> =>
  withConnection(url, (client) =>
    use(async (sql, values) => (await client.query<Record<string, unknown>>(sql, values)).rows),
  );

/** The whole client of node-postgres, for who needs more of an answer than its rows. */
export async function withConnection<T>(url: string, use: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client(url);
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}
