/**
 * Partitions that were attached or detached. A comparison takes a partition that is none any more for another table, and
 * rows would go with it; two looks at one database tell that it is the same one.
 */
import { quoteName } from '../database/quote';
import type { Session } from '../database/session';

interface Partition {
  readonly schema: string;
  readonly name: string;
  readonly parentSchema: string;
  readonly parent: string;
  /** `FOR VALUES …`, or `DEFAULT`. */
  readonly bound: string;
}

/** Every table, by its oid; undefined for one that is no partition. */
export type Partitions = ReadonlyMap<string, Partition | undefined>;

const question = `
  select c.oid::text as number, n.nspname as schema, c.relname as name, pn.nspname as "parentSchema", p.relname as parent,
      pg_catalog.pg_get_expr(c.relpartbound, c.oid) as bound
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    left join pg_catalog.pg_inherits i on c.relispartition and i.inhrelid = c.oid
    left join pg_catalog.pg_class p on p.oid = i.inhparent
    left join pg_catalog.pg_namespace pn on pn.oid = p.relnamespace
    where c.relkind in ('r', 'p', 'f') and n.nspname <> 'information_schema' and n.nspname not like 'pg\\_%'
    order by c.oid`;

interface Row extends Omit<Partition, 'parent' | 'parentSchema' | 'bound'> {
  readonly number: string;
  readonly parentSchema: string | null;
  readonly parent: string | null;
  readonly bound: string | null;
}

/** @throws {Fault} as Session.rows */
export async function readPartitions(session: Session): Promise<Partitions> {
  const rows = await session.rows<Row>(question);
  return new Map(
    rows.map(({ number, schema, name, parentSchema, parent, bound }) => [
      number,
      parentSchema === null || parent === null || bound === null
        ? undefined
        : { schema, name, parentSchema, parent, bound },
    ]),
  );
}

export interface Reattachments {
  /** By the names that they have at first. */
  readonly detach: readonly string[];
  /** By the names that they are to have. */
  readonly attach: readonly string[];
}

export function reattachments(now: Partitions, wanted: Partitions): Reattachments {
  const pairs = [...now]
    .filter(([number]) => wanted.has(number))
    .map(([number, is]) => ({ is, will: wanted.get(number) }))
    .filter(({ is, will }) => is?.bound !== will?.bound || (is === undefined) !== (will === undefined));
  return {
    detach: pairs.flatMap(({ is }) => (is ? [`${alter(is)} DETACH PARTITION ${quoteName(is.schema, is.name)}`] : [])),
    attach: pairs.flatMap(({ will }) =>
      will ? [`${alter(will)} ATTACH PARTITION ${quoteName(will.schema, will.name)} ${will.bound}`] : [],
    ),
  };
}

const alter = ({ parentSchema, parent }: Partition): string => `ALTER TABLE ${quoteName(parentSchema, parent)}`;
