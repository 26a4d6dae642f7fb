/** Roles and who is a member of which: what a server has and no dump of a database carries. */
import { quoteIdentifier } from '../database/quote';
import type { Session } from '../database/session';
import { refusedOf } from './refused';

export interface Roles {
  readonly roles: readonly Role[];
  readonly memberships: readonly Membership[];
}

export interface Role {
  readonly name: string;
  /** As CREATE ROLE has them: `nosuperuser inherit …`. */
  readonly rights: string;
}

export interface Membership {
  readonly role: string;
  readonly member: string;
  /** What stands behind WITH; empty for what GRANT gives by itself. */
  readonly options: string;
}

export const noRoles: Roles = { roles: [], memberships: [] };

/** All but those that every server has (`pg_…`). */
export async function readRoles(session: Session): Promise<Roles> {
  const roles = await session.rows<RoleRow>(
    `select rolname, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolbypassrls
       from pg_catalog.pg_roles where rolname !~ '^pg_' order by rolname`,
  );
  return {
    roles: roles.map((it) => ({ name: it.rolname, rights: rightsOf(it) })),
    memberships: (await membershipsIn(session)).map(membershipOf),
  };
}

/**
 * Makes the roles of a server of ours those that are wished for. Nobody can log in as them.
 *
 * @returns what was refused, for the log
 */
export const putRoles = async (admin: Session, wanted: Roles): Promise<string[]> =>
  refusedOf(admin, await changesTo(admin, wanted));

/** Statements that make these roles where there are none yet. */
export const roleStatements = ({ roles, memberships }: Roles): string[] => [
  ...roles.map((it) => `create role ${described(it)}`),
  ...memberships.map(grant),
];

interface RoleRow {
  readonly rolname: string;
  readonly rolsuper: boolean;
  readonly rolinherit: boolean;
  readonly rolcreaterole: boolean;
  readonly rolcreatedb: boolean;
  readonly rolbypassrls: boolean;
}

interface MembershipRow {
  readonly role: string;
  readonly member: string;
  readonly grantor: string;
  readonly admin: boolean;
  /** Null before PostgreSQL 16, where they follow from the role's own attributes. */
  readonly inherit: boolean | null;
  readonly set: boolean | null;
}

const membershipsIn = (session: Session): Promise<readonly MembershipRow[]> =>
  session.rows<MembershipRow>(`
    select r.rolname as role, m.rolname as member, coalesce(g.rolname, '') as grantor, a.admin_option as admin,
           (j->>'inherit_option')::bool as inherit, (j->>'set_option')::bool as set
      from pg_catalog.pg_auth_members a
      join pg_catalog.pg_roles r on r.oid = a.roleid
      join pg_catalog.pg_roles m on m.oid = a.member
      left join pg_catalog.pg_roles g on g.oid = a.grantor,
           pg_catalog.to_jsonb(a) j
     where m.rolname !~ '^pg_' order by 1, 2, 3`);

const membershipOf = ({ role, member, admin, inherit, set }: MembershipRow): Membership => ({
  role,
  member,
  options: [...(admin ? ['admin option'] : []), ...optionOf('inherit', inherit), ...optionOf('set', set)].join(', '),
});

const optionOf = (name: string, value: boolean | null): string[] => (value === null ? [] : [`${name} ${value}`]);

const rightsOf = (role: RoleRow): string =>
  [
    role.rolsuper ? 'superuser' : 'nosuperuser',
    role.rolinherit ? 'inherit' : 'noinherit',
    role.rolcreaterole ? 'createrole' : 'nocreaterole',
    role.rolcreatedb ? 'createdb' : 'nocreatedb',
    role.rolbypassrls ? 'bypassrls' : 'nobypassrls',
  ].join(' ');

async function changesTo(admin: Session, wanted: Roles): Promise<string[]> {
  const own = admin.server.user;
  const present = await readRoles(admin);
  const configured = await admin.rows<{ name: string }>(
    `select rolname as name from pg_catalog.pg_roles where rolconfig is not null and rolname <> $1`,
    [own],
  );
  const names = new Set(wanted.roles.map(({ name }) => name));
  const there = new Map(present.roles.map((it) => [it.name, it.rights]));
  const memberships = new Set(wanted.memberships.map(grant));
  const held = new Set(present.memberships.map(grant));
  const surplus = (await membershipsIn(admin)).filter((it) => !memberships.has(grant(membershipOf(it))));
  return [
    ...surplus.map(revoke),
    ...[...there.keys()].filter((name) => name !== own && !names.has(name)).flatMap(dropRole),
    ...configured.map(({ name }) => `alter role ${quoteIdentifier(name)} reset all`),
    ...wanted.roles
      .filter(({ name, rights }) => name !== own && there.get(name) !== rights)
      .map((it) => `${there.has(it.name) ? 'alter' : 'create'} role ${described(it)}`),
    ...[...memberships].filter((it) => !held.has(it)),
  ];
}

const described = ({ name, rights }: Role): string => `${quoteIdentifier(name)} nologin ${rights}`;

/** What it may do to databases and settings as a whole stands in its way. */
const dropRole = (name: string): string[] => [
  `drop owned by ${quoteIdentifier(name)} cascade`,
  `drop role ${quoteIdentifier(name)}`,
];

const grant = ({ role, member, options }: Membership): string =>
  `grant ${quoteIdentifier(role)} to ${quoteIdentifier(member)}${options === '' ? '' : ` with ${options}`}`;

const revoke = ({ role, member, grantor }: MembershipRow): string =>
  `revoke ${quoteIdentifier(role)} from ${quoteIdentifier(member)}${
    grantor === '' ? '' : ` granted by ${quoteIdentifier(grantor)}`
  } cascade`;
