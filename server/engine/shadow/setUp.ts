/** What a dump of a database does not carry and its shadow needs: roles, settings, rights on the database itself. */
import { quoteIdentifier, quoteLiteral } from '../database/quote';
import type { Session } from '../database/session';
import { noRoles, readRoles, type Roles } from './roles';

export interface SetUp {
  /** Name of the target's database; undefined when no server is copied. */
  readonly database: string | undefined;
  /** Those of the target's server; made on a server of our own. */
  readonly roles: Roles;
  /** The role that migrations run as; undefined when no server is copied. */
  readonly user: string | undefined;
  readonly owner: string | undefined;
  /** As they are in force when a tool connects to the target: from its role, its database, its server, its URL. */
  readonly settings: readonly Setting[];
  /** Rights on the database itself; undefined when nobody has changed them. */
  readonly grants: readonly DatabaseGrant[] | undefined;
  /** False when it was dropped: then no new database may have it either. */
  readonly publicSchema: boolean;
  /** Schemas that the tool makes where they are missing; left out where it makes none. */
  readonly makes?: readonly string[];
  /** Extensions that are installed in the target. */
  readonly extensions: readonly string[];
  /** Extensions that the target's server could install. */
  readonly available: ReadonlySet<string>;
}

/** What a tool does in a session before its first script. */
export interface Beginning {
  /** Schemas that it makes where they are missing. */
  readonly makes: readonly string[];
  /** The schema that it puts before all others of search_path, if it is there then; left out where it leaves that as it is. */
  readonly first?: string;
}

export interface Setting {
  readonly name: string;
  readonly value: string;
}

export interface DatabaseGrant {
  /** `CREATE`, `CONNECT`, `TEMPORARY`. */
  readonly privilege: string;
  /** Empty for everybody. */
  readonly grantee: string;
  readonly grantable: boolean;
}

/** For a shadow that copies no server. */
export const noSetUp: SetUp = {
  database: undefined,
  roles: noRoles,
  user: undefined,
  owner: undefined,
  settings: [],
  grants: undefined,
  publicSchema: true,
  extensions: [],
  available: new Set(),
};

/** For a shadow of a database that nobody can be asked about, which the tool has begun to use. */
export const setUpAfter = ({ makes, first }: Beginning): SetUp => ({
  ...noSetUp,
  ...(makes.length > 0 ? { makes } : {}),
  settings: first === undefined ? [] : [withFirst(first, '"$user", public')],
});

/** @param session on the target, opened as its tool does */
export async function readSetUp(session: Session, { makes, first }: Beginning = { makes: [] }): Promise<SetUp> {
  const [facts] = await session.rows<Facts>(`
    select d.datname as database, session_user::text as "user", o.rolname as owner, d.datacl is not null as restricted,
           exists (select from pg_catalog.pg_namespace where nspname = 'public') as public
      from pg_catalog.pg_database d join pg_catalog.pg_roles o on o.oid = d.datdba
     where d.datname = pg_catalog.current_database()`);
  if (!facts) throw new Error('the database that we are connected to is there');
  const extensions = await session.rows<{ name: string; installed: boolean }>(
    'select name, installed_version is not null as installed from pg_catalog.pg_available_extensions order by name',
  );
  return {
    database: facts.database,
    roles: await readRoles(session),
    user: facts.user,
    owner: facts.owner,
    settings: await settingsBehind(session, { makes, ...(first === undefined ? {} : { first }) }),
    grants: facts.restricted ? await grantsOf(session) : undefined,
    publicSchema: facts.public,
    ...(makes.length > 0 ? { makes } : {}),
    extensions: extensions.filter(({ installed }) => installed).map(({ name }) => name),
    available: new Set(extensions.map(({ name }) => name)),
  };
}

/** Statements of the tool itself, before its first script. */
export const beginningStatements = ({ makes = [], user }: SetUp): string[] =>
  makes.map((schema) => {
    const owner = user === undefined ? '' : ` authorization ${quoteIdentifier(user)}`;
    return `create schema if not exists ${quoteIdentifier(schema)}${owner}`;
  });

/** Statements that give a database the settings and rights of the target. */
export function databaseStatements(database: string, { settings, grants }: SetUp): string[] {
  const name = quoteIdentifier(database);
  return [
    ...settings.map((it) => `alter database ${name} set ${assigned(it)}`),
    ...(grants ? [`revoke all on database ${name} from public`] : []),
    ...(grants ?? []).map(
      ({ privilege, grantee, grantable }) =>
        `grant ${privilege} on database ${name} to ${grantee === '' ? 'public' : quoteIdentifier(grantee)}${
          grantable ? ' with grant option' : ''
        }`,
    ),
  ];
}

/** The same settings for one session, where those of a database do not count. */
export const sessionStatements = ({ settings }: Pick<SetUp, 'settings'>): string[] =>
  settings.map((it) => `set ${assigned(it)}`);

interface Facts {
  readonly database: string;
  readonly user: string;
  readonly owner: string;
  readonly restricted: boolean;
  readonly public: boolean;
}

/**
 * Those that change what a statement means or whether it is refused (PostgreSQL documentation 20.11 and 20.13), and all
 * that a project has invented (`app.tenant`).
 */
const meaningful = [
  'search_path',
  'default_transaction_isolation',
  'default_transaction_read_only',
  'default_transaction_deferrable',
  'datestyle',
  'intervalstyle',
  'timezone',
  'timezone_abbreviations',
  'lc_monetary',
  'lc_numeric',
  'lc_time',
  'default_text_search_config',
  'default_table_access_method',
  'default_toast_compression',
  'bytea_output',
  'check_function_bodies',
  'row_security',
  'session_replication_role',
  'xmlbinary',
  'xmloption',
  'createrole_self_grant',
  'array_nulls',
  'backslash_quote',
  'standard_conforming_strings',
  'transform_null_equals',
  'lo_compat_privileges',
  'extra_float_digits',
  'event_triggers',
  'icu_validation_level',
  'password_encryption',
];

/**
 * What a project has invented is not in pg_settings, until a library claims its name. That a session of ours only reads
 * an environment, by what it says at its login (`client`), is nothing to those who migrate it.
 */
const settingsOf = (session: Session): Promise<readonly Setting[]> =>
  session.rows<Setting>(
    `select name, pg_catalog.current_setting(name) as value from pg_catalog.pg_settings
      where pg_catalog.lower(name) = any ($1) and source not in ('default', 'override')
        and context in ('user', 'superuser')
        and not (name = 'default_transaction_read_only' and source = 'client')
     union
     select name, pg_catalog.current_setting(name, true)
       from pg_catalog.pg_db_role_setting s, pg_catalog.unnest(s.setconfig) kept,
            pg_catalog.split_part(kept, '=', 1) name
      where s.setdatabase in (0, (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database()))
        and s.setrole in (0, (select oid from pg_catalog.pg_roles where rolname = session_user))
        and pg_catalog.strpos(name, '.') > 0
      order by 1`,
    [meaningful],
  );

/** Those of the session once the tool has begun in it. */
async function settingsBehind(session: Session, { makes, first }: Beginning): Promise<readonly Setting[]> {
  const settings = await settingsOf(session);
  if (first === undefined) return settings;
  const [row] = await session.rows<{ path: string; there: boolean }>(
    `select pg_catalog.current_setting('search_path') as path,
       exists (select from pg_catalog.pg_namespace where nspname = $1::text) as there`,
    [first],
  );
  if (!row || !(row.there || makes.includes(first))) return settings;
  return [...settings.filter(({ name }) => name !== 'search_path'), withFirst(first, row.path)];
}

function withFirst(schema: string, path: string): Setting {
  const own = quoteIdentifier(schema);
  const isFirst = [schema, own].some((it) => path === it || path.startsWith(`${it},`));
  return { name: 'search_path', value: isFirst ? path : [own, ...(path === '' ? [] : [path])].join(', ') };
}

const grantsOf = (session: Session): Promise<readonly DatabaseGrant[]> =>
  session.rows<DatabaseGrant>(
    `select a.privilege_type as privilege, coalesce(r.rolname, '') as grantee, a.is_grantable as grantable
       from pg_catalog.pg_database d cross join lateral pg_catalog.aclexplode(d.datacl) a
       left join pg_catalog.pg_roles r on r.oid = a.grantee
      where d.datname = pg_catalog.current_database() order by 1, 2`,
  );

/** `name to value`. A list is taken as it was written: only its elements may be quoted, not the whole. */
function assigned({ name, value }: Setting): string {
  const list = /^(?:search_path|.*_preload_libraries|createrole_self_grant)$/.test(name);
  const plain = list && value !== '' && value !== '""';
  const quotedName = name.split('.').map(quoteIdentifier).join('.');
  return `${quotedName} to ${plain ? value : quoteLiteral(value === '""' ? '' : value)}`;
}
