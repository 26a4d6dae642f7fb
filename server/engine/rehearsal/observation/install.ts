/**
 * The observer's part inside the shadow, where it may have one: event triggers that report what DDL does.
 *
 * It lies where nobody meets it. A function in pg_catalog, and event triggers that belong to an extension which every
 * database has, are in no dump; DROP OWNED and DROP SCHEMA do not reach them, and copies of the database have them too.
 * They tell by notices of the level INFO, which a client gets whatever client_min_messages is: no table is written, and
 * what is rolled back leaves nothing behind.
 */
import { Fault } from '../../base/fault';
import { quoteIdentifier } from '../../database/quote';
import type { Answer, Session } from '../../database/session';

/** The SQLSTATE of the notices; Postgres has none of this class. */
export const reportState = 'RHOBS';

/**
 * Does it once for a database, and for all that are copied from it. Not in a transaction.
 *
 * @returns false when the role may not; then nothing was changed
 */
export async function installObserver(session: Session): Promise<boolean> {
  if (await isInstalled(session)) return true;
  const answer = await asOwner(session, parts);
  if (answer.kind === 'done') return true;
  const { sqlState, message } = answer.refusal;
  if (sqlState === '42501') return false;
  throw new Fault('no-shadow', `${message} (${sqlState}).`);
}

/** Undoes what `installObserver` has done. Not in a transaction. */
export async function removeObserver(session: Session): Promise<void> {
  const answer = await asOwner(session, [
    ...eventTriggers.flatMap(({ name }) => [
      `alter extension plpgsql drop event trigger ${name}`,
      `drop event trigger ${name}`,
    ]),
    'drop function pg_catalog.rehearsal_report()',
  ]);
  if (answer.kind === 'refused')
    throw new Fault('no-shadow', `${answer.refusal.message} (${answer.refusal.sqlState}).`);
}

/** In one transaction, by the role that owns the system's own objects. */
async function asOwner(session: Session, statements: readonly string[]): Promise<Answer> {
  const [owner] = await session.rows<{ name: string }>(
    'select rolname as name from pg_catalog.pg_roles where oid = 10',
  );
  if (!owner) throw new Error('every server has the role that it was made with');
  const answer = await session.run(`begin;
    set local session authorization ${quoteIdentifier(owner.name)}; set local role none;
    ${statements.join(';\n')};
    commit`);
  if (answer.kind === 'refused') await session.run('rollback');
  return answer;
}

async function isInstalled(session: Session): Promise<boolean> {
  const found = await session.rows(
    `select from pg_catalog.pg_proc where proname = 'rehearsal_report' and pronamespace = 'pg_catalog'::regnamespace`,
  );
  return found.length > 0;
}

/** An error here would be one of the user's statement, so that there must be none. */
const report = `
  create function pg_catalog.rehearsal_report() returns event_trigger language plpgsql as $observer$
  declare
    told json;
  begin
    if tg_event = 'sql_drop' then
      select pg_catalog.json_agg(pg_catalog.json_build_array(
               d.classid::int8, d.objid::int8, d.objsubid, d.object_type, d.object_identity, d.original, d.normal))
        into told from pg_catalog.pg_event_trigger_dropped_objects() d;
    else
      select pg_catalog.json_agg(pg_catalog.json_build_array(
               c.classid::int8, c.objid::int8, c.objsubid, c.object_type, c.object_identity, c.command_tag))
        into told from pg_catalog.pg_event_trigger_ddl_commands() c where not c.in_extension;
    end if;
    if told is not null then
      raise info using errcode = '${reportState}', message = tg_event, detail = told;
    end if;
  exception when others then
    raise info using errcode = '${reportState}', message = 'lost', detail = sqlerrm;
  end $observer$`;

const eventTriggers = [
  { name: 'rehearsal_made', event: 'ddl_command_end' },
  { name: 'rehearsal_dropped', event: 'sql_drop' },
] as const;

const parts = [
  report,
  ...eventTriggers.flatMap(({ name, event }) => [
    `create event trigger ${name} on ${event} execute function pg_catalog.rehearsal_report()`,
    // Also when a script sets session_replication_role.
    `alter event trigger ${name} enable always`,
    `alter extension plpgsql add event trigger ${name}`,
  ]),
];
