/**
 * What `create database … template` leaves behind: owner, rights, limits and settings of the database itself, which a
 * copy of a shadow has to have too.
 *
 * Written to the catalogs as they are, by a superuser on a server of ours: what a migration has done to its database
 * can be anything, and so nothing has to be spelled out again as statements.
 */
import type { Session } from '../database/session';

/** @param from the database that `to` was made of just now */
export async function inheritDatabase(admin: Session, from: string, to: string): Promise<void> {
  await admin.rows(
    `with old as (select * from pg_catalog.pg_database where datname = $1),
          new as (
            update pg_catalog.pg_database it
               set datdba = old.datdba, datacl = old.datacl, datconnlimit = old.datconnlimit
              from old where it.datname = $2 returning it.oid),
          configured as (
            insert into pg_catalog.pg_db_role_setting (setdatabase, setrole, setconfig)
            select new.oid, setrole, setconfig from pg_catalog.pg_db_role_setting, old, new where setdatabase = old.oid)
     insert into pg_catalog.pg_shdepend (dbid, classid, objid, objsubid, refclassid, refobjid, deptype)
     select dbid, classid, new.oid, objsubid, refclassid, refobjid, deptype
       from pg_catalog.pg_shdepend, old, new
      where dbid = 0 and classid = 'pg_catalog.pg_database'::regclass and objid = old.oid`,
    [from, to],
  );
}

/** `alter database … is_template true` keeps it from being dropped. */
export async function allowDrop(admin: Session, name: string): Promise<void> {
  await admin.rows('update pg_catalog.pg_database set datistemplate = false where datname = $1 and datistemplate', [
    name,
  ]);
}
