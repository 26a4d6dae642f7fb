/** May a session write? A standby lets nobody, and a role or a database may have been set to read only. */
import { Fault } from '../base/fault';
import type { Session } from './session';

/** Before anything is begun: what Postgres says of the first statement does not tell what to do. @throws {Fault} `only-reads` */
export async function demandReadWrite(session: Session): Promise<void> {
  const [row] = await session.rows<{ standby: boolean; onlyReads: boolean }>(
    `select pg_catalog.pg_is_in_recovery() as standby,
       pg_catalog.current_setting('transaction_read_only')::bool as "onlyReads"`,
  );
  const { user, database } = session.server;
  if (row?.standby) throw new Fault('only-reads', 'it is a standby.');
  if (row?.onlyReads) throw new Fault('only-reads', `default_transaction_read_only is on for ${user} in ${database}.`);
}
