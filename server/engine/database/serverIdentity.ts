/** Which server is it, however its host is spelt and whoever connects? */
import type { Session } from './session';

/**
 * The timeline keeps a clone that was promoted apart from its original, which has the same identifier.
 *
 * @returns undefined where the role may not know
 */
export async function serverIdentity(session: Session): Promise<string | undefined> {
  const [allowed] = await session.rows<{ may: boolean }>(
    `select pg_catalog.has_function_privilege('pg_catalog.pg_control_system()', 'execute')
        and pg_catalog.has_function_privilege('pg_catalog.pg_control_checkpoint()', 'execute') as may`,
  );
  if (!allowed?.may) return undefined;
  const [row] = await session.rows<{ identity: string }>(
    `select pg_catalog.concat_ws(' ', system_identifier, timeline_id) as identity
       from pg_catalog.pg_control_system(), pg_catalog.pg_control_checkpoint()`,
  );
  return row?.identity;
}
