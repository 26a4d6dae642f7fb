/**
 * What stands between a table and rows that are put into it as they are: foreign keys, triggers and rules. They are
 * taken away within the transaction and put back at its end, when Postgres looks at all rows: so no order of the tables
 * has to be found, nothing is deleted by a cascade, and nothing is written a second time by a trigger.
 */
import { quoteIdentifier, quoteLiteral } from '../../database/quote';
import { demand } from '../../database/plainText';
import type { Session } from '../../database/session';

export interface Guards {
  readonly takeAway: readonly string[];
  readonly putBack: readonly string[];
}

/**
 * @param session after `plainText`, in the transaction that changes the rows
 * @param tables object identifiers, of the partitioned one for all of its partitions
 */
export async function guardsOf(session: Session, tables: readonly number[]): Promise<Guards> {
  const keys = await session.rows<ForeignKey>(
    `${treeOf} select o.conrelid::pg_catalog.regclass::text as "table", o.conname as name,
            pg_catalog.pg_get_constraintdef(o.oid) as definition,
            pg_catalog.obj_description(o.oid, 'pg_constraint') as comment
       from pg_catalog.pg_constraint o
      where o.contype = 'f' and o.conparentid = 0
        and (o.conrelid in (select relid from tree) or o.confrelid in (select relid from tree))
      order by o.oid`,
    [tables],
  );
  const reactions = await session.rows<Reaction>(
    `${treeOf} select 'trigger' as kind, tgrelid::pg_catalog.regclass::text as "table", tgname as name, tgenabled as mode
       from pg_catalog.pg_trigger
      where not tgisinternal and tgenabled <> 'D' and tgrelid in (select relid from tree)
      union all
     select 'rule', ev_class::pg_catalog.regclass::text, rulename, ev_enabled
       from pg_catalog.pg_rewrite where ev_enabled <> 'D' and ev_class in (select relid from tree)`,
    [tables],
  );
  return {
    takeAway: [
      ...reactions.map(({ kind, table, name }) => `alter table only ${table} disable ${kind} ${quoteIdentifier(name)}`),
      ...keys.map(({ table, name }) => `alter table ${table} drop constraint ${quoteIdentifier(name)}`),
    ],
    putBack: [
      ...keys.flatMap(keyAgain),
      ...reactions.map(
        ({ kind, table, name, mode }) =>
          `alter table only ${table} enable ${modes[mode]} ${kind} ${quoteIdentifier(name)}`,
      ),
    ],
  };
}

/** @throws {Fault} `refused` in the words of Postgres when rows have no counterpart; `no-right` for tables of others */
export async function withoutGuards(session: Session, guards: Guards, work: () => Promise<void>): Promise<void> {
  for (const sql of guards.takeAway) await demand(session, sql);
  await work();
  // A table with checks that are still to be made cannot be altered.
  await demand(session, 'set constraints all immediate');
  for (const sql of guards.putBack) await demand(session, sql);
}

const treeOf = `
  with tree as (select root as relid from pg_catalog.unnest($1::oid[]) as root
                 union select p.relid from pg_catalog.unnest($1::oid[]) as root, pg_catalog.pg_partition_tree(root) p)`;

interface ForeignKey {
  readonly table: string;
  readonly name: string;
  readonly definition: string;
  readonly comment: string | null;
}

function keyAgain({ table, name, definition, comment }: ForeignKey): readonly string[] {
  const constraint = quoteIdentifier(name);
  const made = `alter table ${table} add constraint ${constraint} ${definition}`;
  return comment === null
    ? [made]
    : [made, `comment on constraint ${constraint} on ${table} is ${quoteLiteral(comment)}`];
}

interface Reaction {
  readonly kind: 'trigger' | 'rule';
  readonly table: string;
  readonly name: string;
  readonly mode: keyof typeof modes;
}

/** `tgenabled` and `ev_enabled` of the catalogs. */
const modes = { O: '', A: 'always', R: 'replica' } as const;
