/** Facts about a statement that the rows of the shadow refuse: it is run once more where its tables have none. */
import { aside, asOurselves } from '../database/aside';
import { quoteIdentifier, quoteLiteral, quoteName } from '../database/quote';
import type { Session } from '../database/session';
import { type RowEffect, rowEffectOf } from '../sql/rowEffects';
import type { Shape, Statement } from '../sql/statement';
import type { Facts } from './facts';
import { factsFor, namesIn } from './factsFor';

/**
 * @param session in the state just before the statement; nothing stays there
 * @param statementMs longest time that it may take
 * @returns undefined when there is nothing to know, or it is refused without rows as well
 * @throws {Fault} `connection-lost`
 */
export async function factsWithoutRows(
  session: Session,
  { statement, shape }: { readonly statement: Statement; readonly shape: Shape },
  statementMs: number,
): Promise<Facts | undefined> {
  const { text } = statement;
  const effect = rowEffectOf(text);
  if (!['alters', 'indexes', 'makes', 'constrains'].includes(effect.kind)) return undefined;
  // CREATE INDEX CONCURRENTLY leaves its index behind, as one that is invalid.
  if (shape.outsideTransaction) return factsFor(session, statement);
  return aside(session, async () => {
    if (!(await empty(session, effect))) return undefined;
    const answer = await session.run(text, { timeoutMs: statementMs });
    return answer.kind === 'done' ? factsFor(session, statement) : undefined;
  });
}

/** Whoever the script has become may not do so, and triggers of the user are not to notice. */
async function empty(session: Session, effect: RowEffect): Promise<boolean> {
  const tables = await tablesOf(session, effect);
  if (tables === null) return false;
  const [now] = await session.rows<{ user: string; role: string; replication: string; superuser: boolean }>(
    `select session_user as user, pg_catalog.current_setting('role') as role,
            pg_catalog.current_setting('session_replication_role') as replication,
            (select rolsuper from pg_catalog.pg_roles where rolname = $1) as superuser`,
    [session.server.user],
  );
  if (!now) throw new Error('a select without FROM has one row');
  const truncate = `truncate ${tables} cascade`;
  const statements = now.superuser
    ? [
        asOurselves(session),
        'set local session_replication_role = replica',
        truncate,
        `set local session_replication_role = ${now.replication}`,
        `set session authorization ${quoteIdentifier(now.user)}`,
        `set role ${quoteLiteral(now.role)}`,
      ]
    : [truncate];
  return (await session.run(statements.join('; '))).kind === 'done';
}

/** As SQL names them; null when there are none. */
async function tablesOf(session: Session, effect: RowEffect): Promise<string | null> {
  const names = effect.kind === 'alters' || effect.kind === 'indexes' || effect.kind === 'makes' ? namesIn(effect) : [];
  const [found] = await session.rows<{ tables: string | null }>(
    `with recursive domains as (
       select t.oid, t.typarray from pg_catalog.pg_type t where t.oid = pg_catalog.to_regtype($2)
       union all
       select t.oid, t.typarray from pg_catalog.pg_type t join domains d on t.typbasetype in (d.oid, d.typarray))
     select pg_catalog.string_agg(pg_catalog.format('%I.%I', n.nspname, c.relname), ', ') as tables
       from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where c.relkind in ('r', 'p')
        and (c.oid = any (array(select pg_catalog.to_regclass(name) from pg_catalog.unnest($1::text[]) as name))
          or exists (select from pg_catalog.pg_attribute a join domains d on a.atttypid in (d.oid, d.typarray)
                      where a.attrelid = c.oid and not a.attisdropped))`,
    [names.map((it) => quoteName(...it)), effect.kind === 'constrains' ? quoteName(...effect.domain) : null],
  );
  return found?.tables ?? null;
}
