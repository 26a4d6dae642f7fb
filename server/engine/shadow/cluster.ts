/** A server of our own beyond its shadows: what a rehearsal may have done to all of it is put right. */
import type { Database } from '../database/database';
import { onSession } from '../database/onSession';
import { quoteIdentifier, quoteLiteral } from '../database/quote';
import type { Session } from '../database/session';
import { shadowPrefix } from './orphans';
import { refusedOf } from './refused';
import { putRoles, readRoles, type Roles } from './roles';

/** What a rehearsal must leave as it was. */
export interface Cluster {
  readonly roles: Roles;
  /** Names; those of ours are not among them. */
  readonly databases: ReadonlySet<string>;
}

/** @param ours databases that are no part of it, beside those that are named as shadows */
export const readCluster = async (admin: Session, ours: ReadonlySet<string>): Promise<Cluster> => ({
  roles: await readRoles(admin),
  databases: new Set(await databasesOf(admin, ours)),
});

/**
 * @param ours as for readCluster
 * @returns what was refused, for the log
 */
export async function putCluster(
  admin: Session,
  { roles, databases }: Cluster,
  ours: ReadonlySet<string>,
): Promise<string[]> {
  const strangers = (await databasesOf(admin, ours)).filter((name) => !databases.has(name));
  const statements = [
    ...strangers.map((name) => `drop database ${quoteIdentifier(name)} with (force)`),
    // Our own stand in a file that this does not touch.
    'alter system reset all',
    'select pg_catalog.pg_reload_conf()',
  ];
  return [...(await refusedOf(admin, statements)), ...(await putRoles(admin, roles))];
}

/**
 * A prepared transaction keeps its database from being dropped or copied; nobody will ever commit it.
 *
 * @param database the one of that name, for the session that ends them
 */
export async function endPrepared(admin: Session, name: string, database: Database): Promise<void> {
  const prepared = await admin.rows<{ id: string }>(
    'select gid as id from pg_catalog.pg_prepared_xacts where database = $1',
    [name],
  );
  if (prepared.length === 0) return;
  await onSession(database.open('write'), async (session) => {
    for (const { id } of prepared) await session.run(`rollback prepared ${quoteLiteral(id)}`);
  });
}

async function databasesOf(admin: Session, ours: ReadonlySet<string>): Promise<string[]> {
  const rows = await admin.rows<{ name: string }>(
    'select datname as name from pg_catalog.pg_database where not pg_catalog.starts_with(datname, $1)',
    [shadowPrefix],
  );
  return rows.map(({ name }) => name).filter((name) => !ours.has(name));
}
