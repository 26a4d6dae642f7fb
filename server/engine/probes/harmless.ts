/**
 * Whether a question can do nothing on the target but read and compute.
 *
 * A transaction that may only read keeps nobody from leaving it: by dblink, by functions that run text, by a cast, a
 * domain, an operator or a function of the user that does so. So only what is built in and computes is let through;
 * whatever else an expression may be made of, its rows are not asked about.
 */
import { computesOnly, readsOnly } from '../sql/computing';
import { treesOf } from '../sql/parse';
import type { Facts } from './facts';

/** @param sql what is put to the target, all of it that Postgres can parse */
export function isHarmless(sql: readonly string[], mentioned: ReadonlySet<string>, facts: Facts): boolean {
  if (facts.casts) return false;
  const types = facts.tables.flatMap(({ columns }) => columns).filter(({ name }) => mentioned.has(name));
  const enums = new Set(types.filter(({ typeKind }) => typeKind === 'e').map(({ type }) => type));
  const foreign = new Set(facts.operators);
  const isPlain = types.every(({ plain }) => plain);
  return sql.every((it) => {
    const trees = treesOf(it);
    return (
      trees.length === 1 && trees.every((tree) => (isPlain ? computesOnly(tree, enums, foreign) : readsOnly(tree)))
    );
  });
}
