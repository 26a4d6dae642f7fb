/** What a shadow starts from: nothing, a file of the embedded engine, or the live schema of a target. */
import { createHash } from 'node:crypto';
import type { Database } from '../database/database';
import { quoteIdentifier, quoteLiteral } from '../database/quote';
import type { Session } from '../database/session';

export type Base =
  | { readonly kind: 'empty'; readonly fingerprint: string; readonly setUp: SetUp }
  | { readonly kind: 'file'; readonly fingerprint: string; readonly path: string }
  | { readonly kind: 'dump'; readonly fingerprint: string; readonly sql: string; readonly setUp: SetUp };

/** What a dump does not carry and a server of our own lacks. */
export interface SetUp {
  /** Statements that make the roles of the target's server and their memberships. */
  readonly roles: readonly string[];
  /** Run as this role, unless it is a superuser; undefined: as the superuser. */
  readonly user: string | undefined;
  /** Owner of the database, when it is not the superuser of our own server. */
  readonly owner: string | undefined;
  /** `ALTER DATABASE … SET` of the target (search_path…), as `name = value` texts. */
  readonly settings: readonly string[];
  /** Extensions that are installed in the target. */
  readonly extensions: readonly string[];
  /** Extensions that the target's server could install. */
  readonly available: ReadonlySet<string>;
}

/** For a shadow that copies no server. */
export const noSetUp: SetUp = {
  roles: [],
  user: undefined,
  owner: undefined,
  settings: [],
  extensions: [],
  available: new Set(),
};

export const emptyBase: Base = { kind: 'empty', fingerprint: 'empty', setUp: noSetUp };

/** An empty database with the roles and settings of the target, for replaying a whole history. */
export const emptyLike = (setUp: SetUp): Base => ({
  kind: 'empty',
  fingerprint: digest('empty', ...setUp.roles, ...setUp.settings, setUp.user ?? '', setUp.owner ?? ''),
  setUp,
});

/** @param stamp changes whenever the file's content does */
export const fileBase = (path: string, stamp: string): Base => ({
  kind: 'file',
  path,
  fingerprint: digest('file', path, stamp),
});

/** The live schema, read without disturbing anybody. */
export async function liveBase(target: Database, setUp: SetUp, signal: AbortSignal): Promise<Base> {
  const sql = await target.dump('schema', signal);
  return {
    kind: 'dump',
    sql,
    setUp,
    fingerprint: digest('dump', sql, ...setUp.roles, ...setUp.settings, setUp.user ?? '', setUp.owner ?? ''),
  };
}

/** Reads what a dump does not carry. */
export async function readSetUp(session: Session): Promise<SetUp> {
  const [facts] = await session.rows<{
    superuser: boolean;
    owner: string;
    owner_superuser: boolean;
    settings: string[] | null;
  }>(`
    select (select rolsuper from pg_catalog.pg_roles where rolname = session_user) as superuser,
           o.rolname as owner, o.rolsuper as owner_superuser,
           (select array_agg(c) from pg_catalog.pg_db_role_setting s, unnest(s.setconfig) c
             where s.setdatabase = d.oid and s.setrole = 0) as settings
      from pg_catalog.pg_database d join pg_catalog.pg_roles o on o.oid = d.datdba
     where d.datname = pg_catalog.current_database()`);
  const extensions = await session.rows<{ name: string; installed: boolean }>(
    'select name, installed_version is not null as installed from pg_catalog.pg_available_extensions',
  );
  return {
    roles: await rolesOf(session),
    user: facts?.superuser ? undefined : session.server.user,
    owner: facts === undefined || facts.owner_superuser ? undefined : facts.owner,
    settings: facts?.settings ?? [],
    extensions: extensions.filter(({ installed }) => installed).map(({ name }) => name),
    available: new Set(extensions.map(({ name }) => name)),
  };
}

interface Role {
  readonly rolname: string;
  readonly rolsuper: boolean;
  readonly rolinherit: boolean;
  readonly rolcreaterole: boolean;
  readonly rolcreatedb: boolean;
  readonly rolbypassrls: boolean;
}

async function rolesOf(session: Session): Promise<string[]> {
  const roles = await session.rows<Role>(
    `select rolname, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolbypassrls
       from pg_catalog.pg_roles where rolname !~ '^pg_' order by rolname`,
  );
  const members = await session.rows<{ role: string; member: string }>(
    `select r.rolname as role, m.rolname as member from pg_catalog.pg_auth_members a
       join pg_catalog.pg_roles r on r.oid = a.roleid join pg_catalog.pg_roles m on m.oid = a.member
      order by 1, 2`,
  );
  const grants = new Set(
    members.map(({ role, member }) => `grant ${quoteIdentifier(role)} to ${quoteIdentifier(member)}`),
  );
  return [...roles.map(createRole), ...grants];
}

/** A role that may do the same; nobody can log in as it. `postgres` is there already. */
function createRole(role: Role): string {
  const rights = [
    role.rolsuper ? 'superuser' : 'nosuperuser',
    role.rolinherit ? 'inherit' : 'noinherit',
    role.rolcreaterole ? 'createrole' : 'nocreaterole',
    role.rolcreatedb ? 'createdb' : 'nocreatedb',
    role.rolbypassrls ? 'bypassrls' : 'nobypassrls',
  ].join(' ');
  const name = quoteIdentifier(role.rolname);
  return role.rolname === 'postgres'
    ? `alter role ${name} superuser`
    : `do $do$ begin create role ${name} nologin ${rights}; exception when duplicate_object then null; end $do$`;
}

/** `set name to value`, for a setting as pg_db_role_setting keeps it (`name=value`). */
export function setting(kept: string): string {
  const at = kept.indexOf('=');
  const [name, value] = [kept.slice(0, at), kept.slice(at + 1)];
  // Lists are kept as they were written; only their elements may be quoted, not the whole.
  const list = /^(?:search_path|temp_tablespaces|.*_preload_libraries)$/.test(name);
  return `set ${quoteIdentifier(name)} to ${list && value !== '' ? value : quoteLiteral(value)}`;
}

const digest = (...parts: readonly string[]): string => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${part.length}:${part}`);
  return hash.digest('hex').slice(0, 24);
};
