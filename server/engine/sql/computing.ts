/** Does a query do nothing but read and compute, by what is built into Postgres? */
import type { A_Expr, FuncCall, Node, TypeCast, TypeName } from 'libpg-query';
import { lastOf, partsOf, visit } from './tree';

/**
 * @param enums types whose values can be cast to, as they are written
 * @param foreign operators that are not only built in
 */
export function computesOnly(tree: Node, enums: ReadonlySet<string>, foreign: ReadonlySet<string>): boolean {
  let harmless = true;
  visit(tree, (key, value) => {
    if (key === 'FuncCall') harmless &&= isKnown((value as FuncCall).funcname, functions);
    else if (key === 'TypeCast') harmless &&= isKnownType((value as TypeCast).typeName, enums);
    else if (key === 'A_Expr') harmless &&= isKnownOperator((value as A_Expr).name, foreign);
  });
  return harmless;
}

/** Whether a value is there can be asked of any type: `IS NULL`, and `IS NOT DISTINCT FROM NULL`, which is the same. */
export function readsOnly(tree: Node): boolean {
  let harmless = true;
  visit(tree, (key, value) => {
    if (key === 'FuncCall')
      harmless &&= (value as FuncCall).agg_star === true && isKnown((value as FuncCall).funcname, functions);
    else if (key === 'A_Expr') harmless &&= comparesWithNull(value);
    else if (/^(?:TypeCast|SortBy|groupClause|distinctClause|CollateClause)$/.test(key)) harmless = false;
  });
  return harmless;
}

const comparesWithNull = ({ kind, rexpr }: A_Expr): boolean =>
  (kind === 'AEXPR_NOT_DISTINCT' || kind === 'AEXPR_DISTINCT') &&
  rexpr !== undefined &&
  'A_Const' in rexpr &&
  rexpr.A_Const.isnull === true;

/** What is built in only computes; what is not, Postgres may choose only where nobody says which. */
function isKnownOperator(written: readonly Node[] | undefined, foreign: ReadonlySet<string>): boolean {
  const parts = partsOf(written);
  return isKnown(written, undefined) && (parts.length === 2 || !foreign.has(lastOf(parts)));
}

/** @param names undefined: all that are built in */
function isKnown(written: readonly Node[] | undefined, names: ReadonlySet<string> | undefined): boolean {
  const parts = partsOf(written);
  const builtIn = parts.length === 1 || (parts.length === 2 && parts[0] === 'pg_catalog');
  return builtIn && (names === undefined || names.has(lastOf(parts)));
}

function isKnownType(type: TypeName | undefined, enums: ReadonlySet<string>): boolean {
  return isBuiltInType(type) || enums.has(partsOf(type?.names).join('.'));
}

/** A name without a schema means what is built in, too. */
export const isBuiltInType = (type: TypeName | undefined): boolean => isKnown(type?.names, types);

/** @param name as it is written, without a schema */
export const isBuiltInName = (name: string): boolean => types.has(name.toLowerCase());

const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));

/** Of what our own questions are made, and what only computes from what it is given. */
const functions = words(`
  count sum unnest to_jsonb set_config current_setting json_agg row_to_json string_to_array row_number
  lower upper length char_length character_length octet_length bit_length btrim ltrim rtrim substr substring left right
  replace translate reverse repeat lpad rpad initcap regexp_replace regexp_match regexp_count regexp_like regexp_substr
  strpos position split_part starts_with concat concat_ws like_escape similar_to_escape md5 sha256 encode ascii
  abs ceil ceiling floor round trunc sign mod power sqrt exp ln log div gcd lcm width_bucket
  date_part extract date_trunc date_bin age make_date make_time make_timestamp make_interval isfinite timezone
  to_char to_number to_date to_timestamp justify_days justify_hours
  jsonb_typeof json_typeof jsonb_array_length json_array_length jsonb_extract_path_text jsonb_exists to_json
  array_length array_lower array_upper array_ndims array_position array_to_string array_remove cardinality
  num_nulls num_nonnulls isempty lower_inc upper_inc lower_inf upper_inf range_merge
  int4range int8range numrange daterange tsrange tstzrange to_tsvector to_tsquery plainto_tsquery
  family host masklen network satisfies_hash_partition`);

const types = words(`
  text varchar bpchar char name bool boolean int2 int4 int8 smallint integer bigint float4 float8 real numeric decimal
  date time timetz timestamp timestamptz interval uuid json jsonb bytea inet cidr macaddr macaddr8 bit varbit money xml
  tsvector tsquery oid point line lseg box path polygon circle
  int4range int8range numrange daterange tsrange tstzrange int4multirange int8multirange nummultirange datemultirange
  tsmultirange tstzmultirange regclass`);
