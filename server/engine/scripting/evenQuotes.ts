/**
 * Names in double quotes where Postgres itself would write them so, and nowhere else: statements of pg-delta quote all of
 * their own names, and hold definitions in the words of Postgres, which does not.
 */
import type { Session } from '../database/session';
import { tokensOf } from '../sql/tokens';

/** Words of a server's grammar that cannot stand for a name everywhere. */
export type Keywords = ReadonlySet<string>;

/** @throws {Fault} as Session.rows */
export async function readKeywords(session: Session): Promise<Keywords> {
  const rows = await session.rows<{ word: string }>(
    `select word from pg_catalog.pg_get_keywords() where catcode <> 'U'`,
  );
  return new Set(rows.map(({ word }) => word));
}

export function evenlyQuoted(sql: string, keywords: Keywords): string {
  let [made, at] = ['', 0];
  for (const { kind, text, range } of tokensOf(sql)) {
    const name = text.slice(1, -1);
    if (kind !== 'quotedIdentifier' || !plainName.test(name) || keywords.has(name)) continue;
    made += sql.slice(at, range.start) + name;
    at = range.end;
  }
  return made + sql.slice(at);
}

/** As `quote_identifier` has it, in `src/backend/utils/adt/ruleutils.c`. */
const plainName = /^[a-z_][a-z0-9_]*$/;
