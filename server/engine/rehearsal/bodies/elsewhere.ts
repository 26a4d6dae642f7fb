/** Names that are missing here, and may be there for whoever calls the routine. */
import type { Refusal, Session } from '../../database/session';
import { quotedIn } from '../../sql/blame';
import type { Routine } from './routine';

/**
 * Without those about names that may be there for whoever calls: in a schema that is not on the search path here, which
 * callers may choose unless the routine does; in a table that some routine makes for the session.
 */
export async function withoutElsewhere<Problem extends { readonly refusal: Refusal }>(
  session: Session,
  { settings }: Routine,
  problems: readonly Problem[],
): Promise<Problem[]> {
  const missing = problems.flatMap(({ refusal }) => missingIn(refusal));
  if (missing.length === 0) return [...problems];
  const chosen = settings.some((it) => it.startsWith('search_path='));
  const found = await session.rows<{ name: string }>(elsewhere, [missing, !chosen]);
  const names = new Set(found.map(({ name }) => name));
  return problems.filter(({ refusal }) => !missingIn(refusal).some((name) => names.has(name)));
}

const missingIn = ({ sqlState, message }: Refusal): string[] => (notFound.has(sqlState) ? spokenIn(message) : []);

/** 42P01 undefined table, 42883 undefined function, 42704 undefined object. */
const notFound: ReadonlySet<string> = new Set(['42P01', '42883', '42704']);

/** Names that a message speaks of: in quotes, or as `function app.total(integer)`. Qualified ones say where they are. */
const spokenIn = (message: string): string[] => [
  ...quotedIn(message).filter((it) => !it.includes('.')),
  ...[...message.matchAll(/(?<![.\w])([\p{L}_][\p{L}\p{N}_$]*)\(/gu)].map(([, name = '']) => name),
];

/** `$1` names, `$2` whether the caller may choose the search path. */
const elsewhere = `
  select name from pg_catalog.unnest($1::text[]) name
   where exists (select from pg_catalog.pg_proc p
                  where p.pronamespace <> 'pg_catalog'::pg_catalog.regnamespace
                    and p.prosrc ~* ('\\mtemp(orary)?\\M[^;]{1,40}\\m' ||
                          pg_catalog.regexp_replace(name, '(\\W)', '\\\\\\1', 'g') || '\\M'))
      or $2::boolean and exists (
           select from pg_catalog.pg_namespace n
            where n.nspname <> all (pg_catalog.current_schemas(true)) and n.nspname <> 'information_schema'
              and (exists (select from pg_catalog.pg_class c where c.relnamespace = n.oid and c.relname = name)
                   or exists (select from pg_catalog.pg_proc p where p.pronamespace = n.oid and p.proname = name)
                   or exists (select from pg_catalog.pg_type t where t.typnamespace = n.oid and t.typname = name)))`;
