/**
 * A few rows for tables that have none, and values taken from sequences, so that one sees whether they come back: a
 * conversion that loses values, a DELETE, a column that is made anew. As many as Postgres takes; a table whose rules no
 * made-up row keeps stays empty.
 */
import { quoteIdentifier, quoteName } from '../../database/quote';
import type { Session } from '../../database/session';
import { shapeOf } from '../../sql/parse';
import type { ReachingNames } from '../../sql/reach';
import { takeFromSequences } from './sampleSequences';

interface Table {
  readonly schema: string;
  readonly name: string;
  readonly columns: readonly Column[];
}

interface Column {
  readonly name: string;
  /** As pg_type.typcategory. */
  readonly category: string;
  /** As SQL has it. */
  readonly type: string;
  /** The first two values of an enum. */
  readonly labels: readonly string[] | null;
  /** It makes its own values. */
  readonly made: boolean;
}

const rows = 3;
/** A rule or function of the user may be slow, in milliseconds. */
const longestMs = 1_000;

const question = `
  select n.nspname as schema, c.relname as name, pg_catalog.json_agg(pg_catalog.json_build_object(
      'name', a.attname, 'category', b.typcategory, 'type', pg_catalog.format_type(a.atttypid, a.atttypmod),
      'labels', (select pg_catalog.json_agg(e.enumlabel order by e.enumsortorder) from pg_catalog.pg_enum e
        where e.enumtypid = b.oid),
      'made', a.attgenerated <> '' or a.attidentity = 'a') order by a.attnum) as columns
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    join pg_catalog.pg_type t on t.oid = a.atttypid
    join pg_catalog.pg_type b on b.oid = case t.typtype when 'd' then t.typbasetype else t.oid end
    where c.relkind = 'r' and not c.relispartition
      and n.nspname <> 'information_schema' and n.nspname not like 'pg\\_%'
      and not exists (select from pg_catalog.pg_depend d where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
        and d.objid = c.oid and d.deptype = 'e')
    group by c.oid, n.nspname, c.relname order by c.oid`;

/**
 * Foreign keys and triggers are left aside where the session may do that; else tables come in the order of their making.
 *
 * @param reaching tables that run such get none
 * @returns whether there are any
 */
export async function insertSamples(session: Session, reaching: ReachingNames): Promise<boolean> {
  const tables = await session.rows<Table>(question);
  const filled = new Set<string>();
  const asReplica = await session.run(`set session_replication_role = replica`);
  try {
    for (const table of tables)
      if ((await insertInto(session, table, reaching)) > 0) filled.add(quoteName(table.schema, table.name));
    await takeFromSequences(session, filled);
  } finally {
    if (asReplica.kind === 'done' && !session.lost) await session.run('reset session_replication_role');
  }
  return filled.size > 0;
}

/** Refusals are no matter: the table then has no rows, as it had none before. */
async function insertInto(
  session: Session,
  { schema, name, columns }: Table,
  reaching: ReachingNames,
): Promise<number> {
  const written = columns.filter(({ made }) => !made);
  const table = quoteName(schema, name);
  const names = written.map((it) => quoteIdentifier(it.name)).join(', ');
  const values = written.map((it) => `${valueOf(it)}::${it.type}`).join(', ');
  const sql = `insert into ${table} (${names}) select ${values} from pg_catalog.generate_series(1, ${rows}) as n
      where not exists (select from ${table})`;
  if (reaching.reachesOf(shapeOf(sql)).length > 0) return 0;
  const answer = await session.run(sql, { timeoutMs: longestMs });
  return answer.kind === 'done' ? (answer.commands[0]?.rows ?? 0) : 0;
}

/** Another one for each `n`. */
function valueOf({ category, type, labels }: Column): string {
  if (labels && labels.length > 0) return `(array['${labels.map((it) => it.replaceAll("'", "''")).join("', '")}'])[1]`;
  if (/^(?:json|jsonb)$/.test(type)) return `('{"n": ' || n || '}')`;
  if (type === 'uuid') return `pg_catalog.md5(n::text)`;
  if (type === 'bytea') return `pg_catalog.decode(pg_catalog.lpad(n::text, 2, '0'), 'hex')`;
  switch (category) {
    case 'N':
      return 'n::text';
    case 'S':
      // What is cut off to fit leaves them different.
      return `(n || ' Some')`;
    case 'B':
      return 'true';
    case 'D':
      return `(timestamp '2020-01-01 12:34:56' + n * interval '1 day')`;
    case 'T':
      return `(n * interval '1 hour')`;
    case 'A':
      return `'{}'`;
    case 'I':
      return `('10.0.0.' || n)`;
    default:
      return 'null';
  }
}
