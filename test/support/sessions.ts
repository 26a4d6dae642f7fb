/** What the sessions of a test server are doing. */
import { setTimeout } from 'node:timers/promises';
import { Client } from 'pg';

/** Waits until a session of the server, in whatever database, runs a query with these words. */
export async function untilRunning(url: string, words: string): Promise<void> {
  const client = new Client(url);
  // The server may be stopped while this session is still open.
  client.on('error', () => undefined);
  await client.connect();
  const query = 'select from pg_stat_activity where pid <> pg_backend_pid() and state = $2 and query like $1';
  while ((await client.query(query, [`%${words}%`, 'active'])).rowCount === 0) await setTimeout(20);
  await client.end();
}
