/** A session of the engine on a test database. */
import { plainParameters } from '../../server/engine/database/parameters';
import { openSession } from '../../server/engine/database/postgres';
import type { Session } from '../../server/engine/database/session';

/**
 * Closed when `use` is done.
 *
 * @param settings as the URL of a Go tool has them, for example `search_path`
 */
export async function withSession<T>(
  url: string,
  use: (session: Session) => Promise<T>,
  settings: Readonly<Record<string, string>> = {},
): Promise<T> {
  const { hostname: host, port, username: user, password, pathname } = new URL(url);
  const place = { host, port: Number(port), user, password, database: decodeURIComponent(pathname.slice(1)) };
  const session = await openSession({ ...plainParameters(place), settings });
  try {
    return await use(session);
  } finally {
    await session.close();
  }
}
