/** Rights on the schema `public` of a new database. */
import type { Session } from './session';

/**
 * To be called before a dump is loaded into a new database: pg_dump takes for given that only the owner may create in
 * `public`, and grants it to all where all may. Since 15 a new database is so; before, everybody may create.
 */
export async function closePublicSchema(session: Session): Promise<void> {
  if (session.server.versionNumber < 150_000) await session.run('revoke create on schema public from public');
}
