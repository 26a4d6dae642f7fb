/** A table as the catalogs have it, to be compared with that of a tool: columns, defaults, constraints, indexes. */
import { withSession } from '../support/session';

export const shapeOfTable = (url: string, table: string): Promise<readonly object[]> =>
  withSession(url, (session) =>
    session.rows(
      `select c.oid::regclass::text as name,
          (select json_agg(json_build_array(a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity,
              pg_get_expr(d.adbin, d.adrelid)) order by a.attnum)
            from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
            where a.attrelid = c.oid and a.attnum > 0) as columns,
          (select json_agg(json_build_array(conname, pg_get_constraintdef(k.oid)) order by conname)
            from pg_constraint k where conrelid = c.oid) as constraints,
          (select json_agg(pg_get_indexdef(indexrelid) order by 1) from pg_index where indrelid = c.oid) as indexes
        from pg_class c where c.oid = $1::regclass`,
      [table],
    ),
  );
