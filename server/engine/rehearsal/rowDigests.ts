/** What the tables of a database hold, as a digest each: for telling whether a script has changed any row. */
import { quoteLiteral, quoteName } from '../database/quote';
import type { Session } from '../database/session';

/** By the name of the table; without where sequences stand. */
export async function rowDigests(session: Session): Promise<ReadonlyMap<string, string>> {
  const tables = await session.rows<{ schema: string; name: string }>(
    `select nspname as schema, relname as name from pg_class join pg_namespace n on n.oid = relnamespace
      where relkind = 'r' and relpersistence <> 't' and nspname !~ '^pg_' and nspname <> 'information_schema' order by 1, 2`,
  );
  if (tables.length === 0) return new Map();
  const each = tables.map(({ schema, name }) => {
    const table = quoteName(schema, name);
    return `select ${quoteLiteral(`${schema}.${name}`)} as name,
      count(*) || ' ' || coalesce(sum(hashtextextended(t::text, 0)::numeric), 0) as digest from only ${table} t`;
  });
  const digests = await session.rows<{ name: string; digest: string }>(each.join(' union all '));
  return new Map(digests.map(({ name, digest }) => [name, digest]));
}
