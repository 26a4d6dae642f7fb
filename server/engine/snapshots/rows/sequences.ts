/** Sequences that give tables their numbers: after rows were put in, none gives a number that was given already. */
import { quoteLiteral } from '../../database/quote';
import type { Session } from '../../database/session';

/**
 * Sets the sequences of these tables to where they are further on, here or at the source. A sequence is not taken back
 * with its transaction: to be called at the end of it.
 *
 * @param tables object identifiers of `target`
 */
export async function advanceSequences(source: Session, target: Session, tables: readonly number[]): Promise<void> {
  const sequences = await target.rows<{ name: string; rises: boolean }>(
    `with tree as (select root as relid from pg_catalog.unnest($1::oid[]) as root
                    union select p.relid from pg_catalog.unnest($1::oid[]) as root, pg_catalog.pg_partition_tree(root) p)
     select s.seqrelid::pg_catalog.regclass::text as name, s.seqincrement > 0 as rises
       from pg_catalog.pg_sequence s
      where exists (select from pg_catalog.pg_depend d
                     where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.objid = s.seqrelid
                       and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.deptype in ('a', 'i')
                       and d.refobjid in (select relid from tree))
         or exists (select from pg_catalog.pg_depend d join pg_catalog.pg_attrdef a on a.oid = d.objid
                     where d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass
                       and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.refobjid = s.seqrelid
                       and a.adrelid in (select relid from tree))`,
    [tables],
  );
  for (const { name, rises } of sequences) {
    const there = await positionOf(source, name);
    const here = await positionOf(target, name);
    if (!there || !here || !isFurther(there, here, rises)) continue;
    await target.rows('select pg_catalog.setval($1::pg_catalog.regclass, $2::bigint, $3)', [
      name,
      there.value,
      there.called,
    ]);
  }
}

interface Position {
  readonly value: string;
  readonly called: boolean;
}

/** @returns undefined when it is not there */
async function positionOf(session: Session, name: string): Promise<Position | undefined> {
  const [there] = await session.rows(
    `select from pg_catalog.pg_sequence where seqrelid = pg_catalog.to_regclass(${quoteLiteral(name)})`,
  );
  if (!there) return undefined;
  const [position] = await session.rows<Position>(`select last_value::text as value, is_called as called from ${name}`);
  return position;
}

function isFurther(there: Position, here: Position, rises: boolean): boolean {
  if (there.value === here.value) return there.called && !here.called;
  return BigInt(there.value) > BigInt(here.value) === rises;
}
