/** Rows for a shadow: where they come from, when on the way of its schema they go in, and what is computed from them. */
import type { Session } from '../database/session';
import { shapeOf } from '../sql/parse';
import type { ReachingNames } from '../sql/reach';

export interface RowSource {
  /**
   * Called where tables are there, and nothing yet that would be in the way of their rows.
   *
   * @returns materialized views that are to be filled, as they are written in SQL
   * @throws {Fault} when it cannot be done
   */
  copyTo(session: Session, signal: AbortSignal): Promise<readonly string[]>;
}

/**
 * Where pg_dump would have put the rows: before its first object of the section `post-data`, and before rights, which
 * may keep an owner from writing (`pg_dump --section` in the documentation; `dbObjectTypePriority` in its source).
 */
export const placeOfRows = (schemaDump: string): number => behindRows.exec(schemaDump)?.index ?? schemaDump.length;

const behindRows =
  /^--\n-- Name: .*; Type: (?:CONSTRAINT|CHECK CONSTRAINT|FK CONSTRAINT|INDEX|INDEX ATTACH|STATISTICS|RULE|TRIGGER|EVENT TRIGGER|POLICY|ROW SECURITY|PUBLICATION|PUBLICATION TABLE|PUBLICATION TABLES IN SCHEMA|SUBSCRIPTION|ACL|DEFAULT ACL); Schema: /m;

/**
 * Fills materialized views; one that is made of another comes after it. What would reach outside stays empty.
 *
 * @returns what was refused, for the log
 */
export async function fillViews(
  session: Session,
  views: readonly string[],
  reaching: ReachingNames,
): Promise<string[]> {
  if (views.length === 0) return [];
  let left = views.filter((it) => reaching.reachesOf(shapeOf(refresh(it))).length === 0);
  for (;;) {
    const empty: string[] = [];
    for (const view of left) if ((await session.run(refresh(view))).kind === 'refused') empty.push(view);
    if (empty.length === 0 || empty.length === left.length) return empty.map((it) => `the rows of ${it}`);
    left = empty;
  }
}

const refresh = (view: string): string => `refresh materialized view ${view}`;
