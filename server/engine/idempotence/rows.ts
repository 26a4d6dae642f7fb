/** Statements that write rows. */
import type { Node } from 'libpg-query';
import { computesOnly } from '../sql/computing';
import { lastOf, type NodeOf, partsOf, relationParts, textOf, visit } from '../sql/tree';
import { identifier } from './conditions';
import type { KeysOf } from './keys';
import { kept, left, outermost, tried, type Treatment, wordAt, type Written } from './treatment';

type Insert = NodeOf<'InsertStmt'>;

export function insert(node: Insert, written: Written, keysOf: KeysOf): Treatment {
  const { onConflictClause: conflict, relation, withClause } = node;
  if (conflict) {
    const assigned = conflict.targetList ?? [];
    return conflict.action === 'ONCONFLICT_UPDATE' &&
      dependsOnItself(assigned, relation?.alias?.aliasname ?? relation?.relname)
      ? left('Its DO UPDATE makes new values of the old ones, and would do so each time.')
      : tried;
  }
  if (withClause) return added;
  const key = keyOf(node, keysOf);
  if (!key)
    return looksFirst(node.selectStmt)
      ? tried
      : left(
          'It would add its rows once more: ON CONFLICT, with a key that it gives values for, has to tell which are there.',
        );
  const columns = key.map(identifier).join(', ');
  const end = outermost(written.tokens).findLast((it) => it.text.toLowerCase() === 'returning');
  const lower = wordAt(written, 0) === written.tokens[0]?.text;
  const [start, done] = lower ? ['on conflict', 'do nothing'] : ['ON CONFLICT', 'DO NOTHING'];
  const words = `${start} (${columns}) ${done}`;
  const insertion = end ? { at: end.range.start, text: `${words} ` } : { at: written.text.length, text: ` ${words}` };
  return { kind: 'clauses', insertions: [insertion] };
}

const added = left('It would add its rows once more: put ON CONFLICT behind it, or NOT EXISTS into its query.');

/** `… WHERE NOT EXISTS (SELECT …)` */
const looksFirst = (query: Node | undefined): boolean =>
  query !== undefined && 'SelectStmt' in query && holdsQuery(query.SelectStmt.whereClause);

/** The first key whose columns all get values that are the same each time. */
function keyOf({ relation, cols = [], selectStmt }: Insert, keysOf: KeysOf): readonly string[] | undefined {
  const table = keysOf(relationParts(relation));
  const rows = rowsOf(selectStmt);
  if (!table || !rows || rows.length === 0) return undefined;
  const columns = cols.length > 0 ? cols.map(nameOf) : table.columns;
  return table.keys.find((key) =>
    key.every((column) => {
      const at = columns.indexOf(column);
      return at >= 0 && rows.every((row) => isSteady(row[at]));
    }),
  );
}

/** The values of each row, or the columns of a query; undefined where they are not written. */
function rowsOf(node: Node | undefined): readonly (readonly Node[])[] | undefined {
  if (!node || !('SelectStmt' in node)) return undefined;
  const { valuesLists = [], targetList, op } = node.SelectStmt;
  if (valuesLists.length > 0) return valuesLists.map((it) => ('List' in it ? (it.List.items ?? []) : []));
  if (!targetList || op !== 'SETOP_NONE') return undefined;
  const values = targetList.map((it) => ('ResTarget' in it ? it.ResTarget.val : undefined));
  return values.some((it) => it === undefined || isStar(it)) ? undefined : [values.flatMap((it) => it ?? [])];
}

const isStar = (node: Node): boolean =>
  'ColumnRef' in node && (node.ColumnRef.fields ?? []).some((it) => 'A_Star' in it);

function isSteady(value: Node | undefined): boolean {
  if (!value || 'SetToDefault' in value || ('A_Const' in value && value.A_Const.isnull)) return false;
  return isComputed(value);
}

export function update({
  targetList = [],
  fromClause = [],
  relation,
  whereClause,
  withClause,
}: NodeOf<'UpdateStmt'>): Treatment {
  if (dependsOnItself(targetList, relation?.alias?.aliasname ?? relation?.relname))
    return left('It makes new values of the old ones, and would do so each time.');
  if (!targetList.every(isComputed)) return left('It sets what is another value each time, or calls what may be.');
  const isPlain = fromClause.length === 0 && !withClause && [...targetList, whereClause].every(isComputed);
  return isPlain && !holdsQuery([targetList, whereClause]) ? kept : tried;
}

export const remove = ({ usingClause = [], whereClause, withClause }: NodeOf<'DeleteStmt'>): Treatment =>
  usingClause.length === 0 && !withClause && isComputed(whereClause) && !holdsQuery(whereClause) ? kept : tried;

/** Whether values are made of columns that are set themselves: `n = n + 1`. */
function dependsOnItself(targets: readonly Node[], table: string | undefined): boolean {
  const set = new Set(targets.map(nameOf));
  let depends = false;
  visit(
    targets.map((it) => ('ResTarget' in it ? it.ResTarget.val : it)),
    (key, value: { fields?: Node[] }) => {
      if (key !== 'ColumnRef') return;
      const parts = partsOf(value.fields);
      const isOwn = parts.length === 1 || parts.at(-2) === table;
      depends ||= isOwn && (set.has(lastOf(parts)) || lastOf(parts) === '');
    },
  );
  return depends;
}

/** `coalesce(name, '')` comes to the same as well, but that is for a run to tell. */
const isComputed = (node: Node | undefined): boolean =>
  node === undefined || (computesOnly(node, new Set(), new Set()) && !holdsNow(node));

function holdsNow(node: Node): boolean {
  let isThere = false;
  visit(node, (key, value: { op?: string }) => {
    if (key === 'SQLValueFunction') isThere ||= /TIME|DATE/.test(value.op ?? '');
  });
  return isThere;
}

function holdsQuery(root: unknown): boolean {
  let isThere = false;
  visit(root, (key) => {
    isThere ||= key === 'SubLink';
  });
  return isThere;
}

export function select({ intoClause, ...query }: NodeOf<'SelectStmt'>): Treatment {
  if (intoClause) return left('SELECT INTO has no IF NOT EXISTS: write CREATE TABLE … AS.');
  let [isPlain, adds, counts] = [true, false, false];
  visit(query, (key, value: { funcname?: Node[]; onConflictClause?: unknown }) => {
    if (!beyondReading.has(key)) return;
    isPlain = false;
    adds ||= key === 'InsertStmt' && !value.onConflictClause;
    counts ||= textOf(value.funcname?.at(-1)) === 'nextval';
  });
  if (adds) return added;
  if (counts) return left('nextval takes another number each time.');
  return isPlain ? kept : tried;
}

/** A query may write in its WITH. */
const beyondReading: ReadonlySet<string> = new Set(['FuncCall', 'InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt']);

const nameOf = (node: Node): string => ('ResTarget' in node ? (node.ResTarget.name ?? '') : '');
