/** What belongs to a database and is not in it: `CREATE DATABASE … TEMPLATE` and pg_dump leave these behind. */
import { Fault } from '../base/fault';
import { quoteIdentifier, quoteLiteral } from '../database/quote';
import type { Session } from '../database/session';

/** A DROP DATABASE was cut off: nothing but another one can be done with it. */
export const isInvalid = ({ connectionLimit }: Pick<DatabaseFacts, 'connectionLimit'>): boolean =>
  connectionLimit === -2;

export interface DatabaseFacts {
  readonly oid: number;
  readonly owner: string;
  readonly bytes: number;
  readonly comment: string | null;
  readonly connectionLimit: number;
  /** Null while nobody has changed the rights that every new database has. */
  readonly rights: readonly Right[] | null;
  readonly settings: readonly Setting[];
}

interface Right {
  /** Empty for PUBLIC. */
  readonly role: string;
  readonly privilege: string;
  readonly grantable: boolean;
}

/** Of `ALTER DATABASE … SET`, or of `ALTER ROLE … IN DATABASE … SET`. */
interface Setting {
  readonly role: string | null;
  /** `name=value` */
  readonly text: string;
}

/** @returns undefined when there is no such database */
export async function factsOf(session: Session, database: string): Promise<DatabaseFacts | undefined> {
  const [row] = await session.rows<DatabaseFacts>(
    `select d.oid::int8::float8 as oid, pg_catalog.pg_get_userbyid(d.datdba)::text as owner, d.datconnlimit as "connectionLimit",
       case when pg_catalog.has_database_privilege(d.oid, 'CONNECT') or pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE')
         then pg_catalog.pg_database_size(d.oid) else 0 end::float8 as bytes,
       pg_catalog.shobj_description(d.oid, 'pg_database') as comment,
       (select pg_catalog.json_agg(pg_catalog.json_build_object('role', case a.grantee when 0 then '' else pg_catalog.pg_get_userbyid(a.grantee) end,
           'privilege', a.privilege_type, 'grantable', a.is_grantable))
         from pg_catalog.aclexplode(d.datacl) as a) as rights,
       (select coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
           'role', case s.setrole when 0 then null else pg_catalog.pg_get_userbyid(s.setrole) end, 'text', c.text)), '[]')
         from pg_catalog.pg_db_role_setting as s, pg_catalog.unnest(s.setconfig) as c (text) where s.setdatabase = d.oid) as settings
     from pg_catalog.pg_database as d where d.datname = $1`,
    [database],
  );
  return row;
}

/**
 * Gives a new database the rights, settings and connection limit of another one; the owner was given when it was made.
 *
 * @returns what could not be carried over, for people; a role may own a database and yet lack the right for a setting
 *   that an administrator made
 * @throws {Fault} `no-right` when the rights cannot be carried over: a copy must not be open to more people
 */
export async function carryOver(session: Session, from: DatabaseFacts, to: string): Promise<readonly string[]> {
  for (const sql of rightsStatements(from, to)) {
    const answer = await session.run(sql);
    if (answer.kind === 'refused')
      throw new Fault('no-right', `the rights on the database cannot be copied: ${answer.refusal.message}.`);
  }
  const lacking: string[] = [];
  for (const setting of from.settings) {
    const answer = await session.run(settingStatement(setting, to));
    if (answer.kind === 'refused') lacking.push(`${setting.text} (${answer.refusal.message})`);
  }
  return lacking;
}

function rightsStatements({ owner, rights, connectionLimit }: DatabaseFacts, to: string): readonly string[] {
  const database = `database ${quoteIdentifier(to)}`;
  const limit = connectionLimit === -1 ? [] : [`alter ${database} connection limit ${connectionLimit}`];
  if (rights === null) return limit;
  return [
    ...limit,
    `revoke all on ${database} from public, ${quoteIdentifier(owner)}`,
    ...rights.map(({ role, privilege, grantable }) => {
      const grantee = role === '' ? 'public' : quoteIdentifier(role);
      return `grant ${privilege} on ${database} to ${grantee}${grantable ? ' with grant option' : ''}`;
    }),
  ];
}

function settingStatement({ role, text }: Setting, to: string): string {
  const equals = text.indexOf('=');
  const name = text.slice(0, equals);
  const database = quoteIdentifier(to);
  const where =
    role === null ? `alter database ${database}` : `alter role ${quoteIdentifier(role)} in database ${database}`;
  return `${where} set ${name.split('.').map(quoteIdentifier).join('.')} to ${settingValue(name, text.slice(equals + 1))}`;
}

/** Settings whose value is a list of quoted names (GUC_LIST_QUOTE in Postgres's guc_tables.c); none can be added. */
const listsOfNames = new Set([
  'local_preload_libraries',
  'search_path',
  'session_preload_libraries',
  'shared_preload_libraries',
  'temp_tablespaces',
  'unix_socket_directories',
]);

function settingValue(name: string, value: string): string {
  if (!listsOfNames.has(name)) return quoteLiteral(value);
  const names = value.match(/"(?:[^"]|"")*"|[^\s,"]+/g) ?? [''];
  return names.map((it) => quoteLiteral(it.startsWith('"') ? it.slice(1, -1).replaceAll('""', '"') : it)).join(', ');
}
