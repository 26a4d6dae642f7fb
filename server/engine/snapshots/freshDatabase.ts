/** An empty database that is to the target what a twin is: same encoding, collation, owner and place. */
import { quoteIdentifier, quoteLiteral } from '../database/quote';
import type { Session } from '../database/session';
import { must } from './statements';

/**
 * Only its owner may enter, so that nobody is in it when it takes the target's place.
 *
 * @throws {Fault} `no-right` without CREATEDB, `disk-full`
 */
export async function createTwin(session: Session, target: string, name: string): Promise<void> {
  const [facts] = await session.rows<TwinFacts>(
    `select pg_encoding_to_char(d.encoding)::text as encoding, pg_get_userbyid(d.datdba)::text as owner,
       case when d.dattablespace <> template.dattablespace then t.spcname::text end as tablespace,
       to_jsonb(d) - 'datacl' as columns
     from pg_database as d join pg_tablespace as t on t.oid = d.dattablespace, pg_database as template
     where d.datname = $1 and template.datname = 'template0'`,
    [target],
  );
  if (!facts) throw new Error('the target was there a moment ago');
  const database = quoteIdentifier(name);
  await must(
    session,
    [
      `create database ${database} template template0 owner ${quoteIdentifier(facts.owner)}`,
      `encoding ${quoteLiteral(facts.encoding)}`,
      ...(facts.tablespace === null ? [] : [`tablespace ${quoteIdentifier(facts.tablespace)}`]),
      ...localeOptions(facts.columns),
    ].join(' '),
  );
  await must(session, `revoke connect on database ${database} from public`);
}

/** Gives back what createTwin took: everybody may enter a database whose rights nobody has changed. */
export async function reopenTwin(session: Session, name: string): Promise<void> {
  await must(session, `grant connect on database ${quoteIdentifier(name)} to public`);
}

interface TwinFacts {
  readonly encoding: string;
  readonly owner: string;
  /** Null when it is the one that a new database gets anyway; naming even that one needs a right. */
  readonly tablespace: string | null;
  /** pg_database's row; which columns it has depends on the version. */
  readonly columns: Readonly<Record<string, string | number | boolean | null>>;
}

/** Column names of 14 (libc only), 15, 16 (daticurules) and 17 (datlocale instead of daticulocale, provider `b`). */
function localeOptions(columns: TwinFacts['columns']): readonly string[] {
  const option = (name: string, ...from: readonly string[]): readonly string[] => {
    const value = from.map((column) => columns[column]).find((it) => typeof it === 'string');
    return value === undefined ? [] : [`${name} ${quoteLiteral(value)}`];
  };
  const common = [...option('lc_collate', 'datcollate'), ...option('lc_ctype', 'datctype')];
  const provider = columns['datlocprovider'];
  if (provider === 'c') return [...common, 'locale_provider libc'];
  if (provider === 'b') return [...common, 'locale_provider builtin', ...option('builtin_locale', 'datlocale')];
  if (provider !== 'i') return common;
  const locale = option('icu_locale', 'datlocale', 'daticulocale');
  return [...common, 'locale_provider icu', ...locale, ...option('icu_rules', 'daticurules')];
}
