/** How far are the sequences of a database? */
import { quoteName } from '../database/quote';
import type { Session } from '../database/session';

export interface SequencePlace {
  /** `app.orders_id_seq` */
  readonly name: string;
  readonly increment: bigint;
  /** The last value that was taken; undefined before the first one. */
  readonly last: bigint | undefined;
  /** Which value comes next. */
  readonly next: bigint;
}

interface Row {
  readonly schema: string;
  readonly name: string;
  readonly increment: string;
  readonly last: string | null;
}

/** Without those of extensions. Of one that nothing was taken from `pg_sequence_last_value` says nothing. */
const question = `
  select n.nspname::text as schema, c.relname::text as name, s.seqincrement::text as increment,
      pg_sequence_last_value(c.oid)::text as last
    from pg_sequence s join pg_class c on c.oid = s.seqrelid join pg_namespace n on n.oid = c.relnamespace
    where c.relpersistence <> 't' and n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
      and has_schema_privilege(n.oid, 'usage') and case when c.relkind = 'S' then has_sequence_privilege(c.oid, 'select') end
      and not exists (select from pg_depend d
        where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.objsubid = 0 and d.deptype = 'e')
    order by n.nspname, c.relname`;

/**
 * @param session with `pg_catalog` alone to look names up in
 * @throws {Fault} as Session.rows
 */
export async function placesOfSequences(session: Session): Promise<SequencePlace[]> {
  const places: SequencePlace[] = [];
  for (const row of await session.rows<Row>(question)) {
    const last = row.last === null ? undefined : BigInt(row.last);
    const increment = BigInt(row.increment);
    const next = last === undefined ? await firstOf(session, row) : last + increment;
    places.push({ name: `${row.schema}.${row.name}`, increment, last, next });
  }
  return places;
}

/** Not always its start: `setval` may have said another one. */
async function firstOf(session: Session, { schema, name }: Row): Promise<bigint> {
  const [row] = await session.rows<{ first: string }>(
    `select last_value::text as first from ${quoteName(schema, name)}`,
  );
  if (!row) throw new Error('a sequence has one row');
  return BigInt(row.first);
}
