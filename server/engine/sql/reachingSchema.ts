/** What of a schema reaches outside its database when it is used. */
import { shapeOf } from './parse';
import { ReachingNames, reachesOfBody } from './reach';
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
 * Functions and views, tables, types and operators, and whatever else runs something of its own.
 *
 * @param dump as pg_dump gives it
 */
export function reachingIn(dump: string): Learned[] {
  return statementsOf(dump)
    .filter(({ text }) => mayReach.test(text))
    .map(({ text }) => shapeOf(text))
    .map(({ defines, relays }) => ({ defines, relays }))
    .filter(({ defines, relays }) => defines.length + relays.length > 0);
}

/** Whether it runs outside whenever something else is done, so that no statement of a migration shows it. */
export const reachesUnnamed = (text: string, reaching: ReachingNames): boolean =>
  (unnamed.test(text) && reaching.reachesOf(shapeOf(text)).length > 0) ||
  reaching.reachesOf(reachesOfBody(partitionKey.exec(text)?.[1] ?? '', 'sql')).length > 0;

const unnamed =
  /^(?:create (?:event trigger|operator|cast|statistics|foreign data wrapper|transform|(?:default )?conversion)\b|create (?:unique )?index\b[^(]*\([^]*\(|alter operator family\b)/i;

/** Postgres computes what is constant in it whenever it opens the table. */
const partitionKey = /^create (?:table|foreign table)\b[^]*\bpartition by \w+ (\([^]*)$/i;

/** Whether rows that are copied to a table would run something outside: it computes columns, or where they belong. */
export const reachesByRows = (text: string, reaching: ReachingNames): boolean =>
  computesColumns.test(text) && reaching.reachesOf(shapeOf(text)).length > 0;

const computesColumns = /^create (?:unlogged )?table\b[^]*\bgenerated always as \(/i;

const mayReach =
  /^create (?:or replace )?(?:function|procedure|aggregate|view|materialized|table|foreign|trigger|constraint|rule|policy|unlogged|domain|type|operator|cast|event|statistics|transform|(?:default )?conversion)\b|^create (?:unique )?index\b[^(]*\([^]*\(|^alter operator family\b|^alter domain\b|^alter (?:foreign )?table\b[^]*\b(?:attach partition|inherit|set default(?! nextval\()|check|foreign key)\b/i;
