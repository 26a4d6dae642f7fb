/** Which server is it, however its host is spelt and whoever connects? And which of its databases, whatever it is called? */
import type { Session } from './session';

interface Control {
  readonly system: string;
  readonly timeline: string;
}

/**
 * The timeline keeps a clone that was promoted apart from its original, which has the same identifier.
 *
 * @returns undefined where the role may not know
 */
export async function serverIdentity(session: Session): Promise<string | undefined> {
  const control = await controlOf(session);
  return control && whole(control);
}

export interface DatabaseIdentity {
  /** As serverIdentity. */
  readonly server: string | undefined;
  /** What the server says of itself. */
  readonly version: string;
  /** Stays with a database that is renamed, and with its server when a standby takes over; a copy has another one. */
  readonly database: string;
}

/** Of the one that the session is in. */
export async function databaseIdentity(session: Session): Promise<DatabaseIdentity> {
  const control = await controlOf(session);
  const [row] = await session.rows<{ oid: number; version: string }>(
    `select oid, pg_catalog.version() as version
       from pg_catalog.pg_database where datname = pg_catalog.current_database()`,
  );
  if (!row) throw new Error('a session is in a database');
  const database = `${control?.system ?? ''} ${row.oid}`;
  return { server: control && whole(control), version: row.version, database };
}

const whole = ({ system, timeline }: Control): string => `${system} ${timeline}`;

async function controlOf(session: Session): Promise<Control | undefined> {
  const [allowed] = await session.rows<{ may: boolean }>(
    `select pg_catalog.has_function_privilege('pg_catalog.pg_control_system()', 'execute')
        and pg_catalog.has_function_privilege('pg_catalog.pg_control_checkpoint()', 'execute') as may`,
  );
  if (!allowed?.may) return undefined;
  const [row] = await session.rows<Control>(
    `select system_identifier::text as system, timeline_id::text as timeline
       from pg_catalog.pg_control_system(), pg_catalog.pg_control_checkpoint()`,
  );
  return row;
}
