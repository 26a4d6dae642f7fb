/** What the mutators want to know of a state: its enums, and rows that its tables take. */
import type { Session } from '../../../server/engine/database/session';
import { quoteIdentifier } from '../../../server/engine/database/quote';
import type { Statement } from '../../../server/engine/sql/statement';
import { relationParts } from '../../../server/engine/sql/tree';
import { treeOf } from './site';

export async function enumsIn(session: Session): Promise<readonly string[]> {
  const rows = await session.rows<{ name: string }>(
    `select format('%I.%I', nspname, typname) as name from pg_type t join pg_namespace n on n.oid = typnamespace
      where typtype = 'e' order by 1`,
  );
  return rows.map(({ name }) => name);
}

/** The table that a statement changes or makes an index on, as it can be written. */
export function tableOf({ text }: Statement): string | undefined {
  const tree = treeOf(text);
  if (!tree) return undefined;
  const relation =
    'AlterTableStmt' in tree ? tree.AlterTableStmt.relation : 'IndexStmt' in tree ? tree.IndexStmt.relation : undefined;
  return relation && relationParts(relation).map(quoteIdentifier).join('.');
}

interface Column {
  readonly name: string;
  readonly type: string;
  readonly base: string;
  readonly width: number;
  readonly unique: boolean;
  readonly label: string | null;
  readonly parent: string | null;
}

/**
 * INSERTs that the table takes in the state that the session is in; two rows that differ only in columns of unique
 * indexes, and those of the tables it points to before them. In the transaction that is open, and taken back.
 *
 * @returns undefined when none were found that it takes
 */
export async function rowsFor(session: Session, table: string): Promise<string | undefined> {
  const there = await session.rows<{ name: string | null }>('select to_regclass($1)::text as name', [table]);
  if (!there[0]?.name) return undefined;
  const inserts = await insertsInto(session, there[0].name, 3);
  if (!inserts) return undefined;
  await session.run('savepoint rows');
  const answer = await session.run(inserts.join('\n'));
  await session.run('rollback to rows');
  return answer.kind === 'done' ? inserts.join('\n') : undefined;
}

async function insertsInto(session: Session, table: string, depth: number): Promise<string[] | undefined> {
  if (depth === 0) return undefined;
  const columns = await columnsOf(session, table);
  const parents: string[] = [];
  for (const parent of new Set(columns.map((it) => it.parent))) {
    if (parent === null || parent === table) continue;
    const inserts = await insertsInto(session, parent, depth - 1);
    if (inserts) parents.push(...inserts.filter((it) => !parents.includes(it)));
  }
  const row = (nth: number) => columns.map((it) => valueOf(it, it.unique ? nth : 1)).join(', ');
  const names = columns.map(({ name }) => name).join(', ');
  return [
    ...parents,
    ...[1, 2].map((nth) => `insert into ${table} (${names}) overriding system value values (${row(nth)});`),
  ];
}

const columnsOf = (session: Session, table: string): Promise<readonly Column[]> =>
  session.rows<Column>(
    `select quote_ident(a.attname) as name, format_type(a.atttypid, a.atttypmod) as type,
            coalesce(b.typname, t.typname) as base, greatest(a.atttypmod - 4, 0) as width,
            exists (select from pg_index where indrelid = a.attrelid and indisunique and attnum = any (indkey)) as unique,
            (select enumlabel from pg_enum where enumtypid = t.oid order by enumsortorder limit 1) as label,
            (select min(confrelid::regclass::text) from pg_constraint
              where conrelid = a.attrelid and contype = 'f' and a.attnum = any (conkey)) as parent
       from pg_attribute a join pg_type t on t.oid = a.atttypid left join pg_type b on b.oid = t.typbasetype
      where a.attrelid = $1::regclass and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
      order by a.attnum`,
    [table],
  );

/** The same value for the same number, so that a key and what points to it agree. */
function valueOf({ type, base, width, label }: Column, nth: number): string {
  const literal = label ?? literals[base]?.(nth) ?? null;
  if (literal === null) return 'null';
  const text = /^(?:varchar|bpchar)$/.test(base) && width > 0 ? literal.slice(-width) : literal;
  return `'${text.replaceAll("'", "''")}'::${type}`;
}

const digits = (nth: number): string => String(7_000 + nth);
const words = (nth: number): string => `mutation${nth}`;

const literals: Readonly<Record<string, (nth: number) => string>> = {
  int2: digits,
  int4: digits,
  int8: digits,
  numeric: String,
  float4: String,
  float8: String,
  text: words,
  varchar: words,
  bpchar: words,
  citext: words,
  name: words,
  bool: () => 'true',
  uuid: (nth) => `00000000-0000-4000-8000-${String(nth).padStart(12, '0')}`,
  date: (nth) => `2020-01-0${nth}`,
  timestamp: (nth) => `2020-01-0${nth}`,
  timestamptz: (nth) => `2020-01-0${nth}`,
  json: () => '{}',
  jsonb: () => '{}',
  bytea: (nth) => `\\x0${nth}`,
  interval: () => '1 day',
  inet: (nth) => `10.0.0.${nth}`,
};
