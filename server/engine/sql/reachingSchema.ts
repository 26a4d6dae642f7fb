/** What of a schema reaches outside its database when it is used. */
import { shapeOf } from './parse';
import { ReachingNames } from './reach';
import { statementsOf } from './scan';
import type { Shape } from './statement';

/** What a statement has made that may reach outside when it is used. */
export type Learned = Pick<Shape, 'defines' | 'relays'>;

export function reachingNames(learned: readonly Learned[]): ReachingNames {
  const reaching = new ReachingNames();
  for (const it of learned) reaching.learn(it);
  return reaching;
}

/**
 * Functions, views, and tables whose triggers, rules, defaults or partitions reach outside.
 *
 * @param dump as pg_dump gives it
 */
export function reachingIn(dump: string): Learned[] {
  return statementsOf(dump)
    .filter(({ text }) => mayReach.test(text))
    .map(({ text }) => learnedOf(shapeOf(text)))
    .filter(({ defines, relays }) => defines.length + relays.length > 0);
}

/** What a trigger, a rule or a default runs is run by whoever uses the table. */
function learnedOf({ node, makes, mentions, defines, relays, reaches, calls }: Shape): Learned {
  const made = makes.flatMap(({ kind, name, of }) => (kind === 'relation' ? [name] : (of ?? [])));
  // A default that is set makes nothing: its table is one of the names.
  const tables = node === 'AlterTableStmt' ? [...mentions].filter((name) => !calls.has(name)) : made;
  return {
    defines: [...defines, ...tables.flatMap((name) => reaches.map((reach) => ({ name, ...reach })))],
    relays: [...relays, ...(calls.size > 0 ? tables.map((name) => ({ name, calls })) : [])],
  };
}

const mayReach =
  /^create (?:or replace )?(?:function|procedure|aggregate|view|materialized|table|foreign|trigger|constraint|rule|policy|unlogged)\b|^create (?:unique )?index\b[^(]*\([^]*\(|^alter (?:foreign )?table\b[^]*\b(?:attach partition|inherit|set default(?! nextval\()|check)\b/i;
