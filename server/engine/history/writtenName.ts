/** The name of a history table as a tool is told it, and puts it into its SQL: Postgres folds it, unless it is quoted. */
import { Fault } from '../base/fault';
import { quoteIdentifier } from '../database/quote';
import type { Session } from '../database/session';
import { foldedName, tokensOf } from '../sql/tokens';
import { currentSchema, quoted, type TableName } from './table';

export interface WrittenName {
  readonly schema?: string;
  readonly name: string;
}

/**
 * @param setting where it is written, for people
 * @throws {Fault} `bad-connection-settings` when it is no name
 */
export function writtenName(table: string, setting: string): WrittenName {
  const [first, dot, second, ...more] = tokensOf(table);
  const isName = (token: typeof first) => token?.kind === 'word' || token?.kind === 'quotedIdentifier';
  if (first && isName(first) && !dot) return { name: foldedName(first.text) };
  if (first && second && isName(first) && dot?.text === '.' && isName(second) && more.length === 0)
    return { schema: foldedName(first.text), name: foldedName(second.text) };
  throw new Fault('bad-connection-settings', `${setting} is ${table}, and should be a table's name.`);
}

export const sqlOf = ({ schema, name }: WrittenName): string =>
  schema === undefined ? quoteIdentifier(name) : quoted({ schema, name });

/** Where the name leads on this session; a table that is not there would be made in the first schema of search_path. */
export async function placeOf(session: Session, written: WrittenName): Promise<TableName> {
  const { schema, name } = written;
  if (schema !== undefined) return { schema, name };
  const [found] = await session.rows<{ schema: string }>(
    `select n.nspname::text as schema from pg_catalog.pg_class c
      join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where c.oid = pg_catalog.to_regclass($1::text)`,
    [sqlOf(written)],
  );
  return { schema: found?.schema ?? (await currentSchema(session)) ?? 'public', name };
}
