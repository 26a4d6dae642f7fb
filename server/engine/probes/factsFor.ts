/** Asks the shadow's catalogs about a statement that has just run there, while what it did is there. */
import { Fault } from '../base/fault';
import { aside } from '../database/aside';
import { quoteName } from '../database/quote';
import type { Session } from '../database/session';
import { callsIn, type RowEffect, rowEffectOf } from '../sql/rowEffects';
import type { Statement } from '../sql/statement';
import { lastOf, type NameParts } from '../sql/tree';
import { briefQuery, choosableQuery, domainQuery, functionsQuery, tablesQuery, touchedQuery } from './catalog';
import { type DomainFacts, type Facts, type RefusedDefault, type TableFacts, tableKey } from './facts';

/**
 * What the shadow knows of the statement that ran last on this session; nothing of it stays there, no lock and no setting.
 * Of one that writes the same is known before it runs.
 *
 * @returns undefined when there is nothing to know: the statement asks nothing of rows and changes none
 * @throws {Fault} `connection-lost`
 */
export async function factsFor(session: Session, { text }: Pick<Statement, 'text'>): Promise<Facts | undefined> {
  const effect = rowEffectOf(text);
  if (effect.kind === 'none' || effect.kind === 'anything' || effect.kind === 'drops') return undefined;
  if (effect.kind === 'writes' && effect.tables.length + effect.calls.length === 0) return undefined;
  return asideIfAllowed(session, () => asked(session, effect, callsIn(text)));
}

/** What it may not ask it does not know. */
async function asideIfAllowed<T>(session: Session, ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await aside(session, ask);
  } catch (error) {
    if (error instanceof Fault && (error.code === 'refused' || error.code === 'no-right')) return undefined;
    throw error;
  }
}

/** One that asks something of rows or changes them. */
export type Asking = Exclude<RowEffect, { kind: 'none' | 'anything' | 'drops' }>;

async function asked(session: Session, effect: Asking, calls: readonly string[]): Promise<Facts> {
  const names = namesIn(effect);
  const [found] = await session.rows<{ path: string; ids: string[]; domain: string | null }>(
    `select pg_catalog.current_setting('search_path') as path,
            array(select coalesce(pg_catalog.to_regclass(name)::oid, 0)::text
                    from pg_catalog.unnest($1::text[]) with ordinality as named(name, place) order by place) as ids,
            pg_catalog.to_regtype($2)::oid::text as domain`,
    [names.map((it) => quoteName(...it)), effect.kind === 'constrains' ? quoteName(...effect.domain) : null],
  );
  if (!found) throw new Error('a select without FROM has one row');
  await session.run(`set local search_path = ''; set local jit = off`);
  const domain = found.domain === null ? undefined : await domainOf(session, found.domain);
  const ids = [...found.ids, ...(domain?.columns ?? []).map(({ table }) => String(table))];
  const writing = effect.kind === 'writes' ? await writingOf(session, effect, found.ids) : nothingWritten;
  const tables =
    effect.kind === 'writes' ? [] : await tablesOf(session, ids, isBrief(effect) ? briefQuery : tablesQuery);
  return {
    searchPath: found.path,
    tables,
    domain,
    refusedDefaults: await refusedDefaults(session, effect, tables[0]),
    functions: effect.kind === 'alters' ? await functionsNamed(session, calls) : [],
    ...(await choosable(session, effect)),
    ...writing,
  };
}

/** Of a table that was made, filled or renamed, nothing but its name matters. */
const isBrief = (effect: Asking): boolean =>
  effect.kind === 'fills' || effect.kind === 'renames' || (effect.kind === 'makes' && effect.parent === undefined);

async function functionsNamed(session: Session, calls: readonly string[]): Promise<string[]> {
  if (calls.length === 0) return [];
  return (await session.rows<{ name: string }>(functionsQuery, [calls])).map(({ name }) => name);
}

/** Tables that it names. */
export function namesIn(effect: Asking): readonly NameParts[] {
  switch (effect.kind) {
    case 'alters':
      return [effect.table, ...effect.clauses.flatMap((it) => (it.kind === 'attach' ? [it.partition] : []))];
    case 'makes':
      return effect.parent ? [effect.table, effect.parent] : [effect.table];
    case 'indexes':
    case 'fills':
    case 'renamesColumn':
      return [effect.table];
    case 'renames':
      return [effect.to];
    case 'constrains':
      return [];
    case 'writes':
      return effect.tables;
  }
}

async function choosable(session: Session, { kind }: Asking): Promise<Pick<Facts, 'operators' | 'casts'>> {
  // Nothing is asked of rows by the others.
  if (!['alters', 'indexes', 'constrains', 'makes'].includes(kind)) return { operators: [], casts: false };
  const [found] = await session.rows<Pick<Facts, 'operators' | 'casts'>>(choosableQuery);
  if (!found) throw new Error('a select without FROM has one row');
  return found;
}

type Named = readonly [schema: string, name: string];
type Row = Omit<TableFacts, 'heirs'> & { readonly heirs: readonly Named[] };

/** In the order of the ids, then what else belongs to them. */
async function tablesOf(session: Session, ids: readonly string[], query: string): Promise<TableFacts[]> {
  const rows = await session.rows<{ id: string; facts: Row }>(query, [ids]);
  const order = (id: string): number => (ids.includes(id) ? ids.indexOf(id) : ids.length);
  return rows
    .toSorted((a, b) => order(a.id) - order(b.id))
    .map(({ facts }) => ({ ...facts, heirs: facts.heirs.map(([schema, name]) => tableKey({ schema, name })) }));
}

/** The shadow's table has no rows, so that Postgres did not compare the default with the domain. */
async function refusedDefaults(
  session: Session,
  effect: Asking,
  table: TableFacts | undefined,
): Promise<RefusedDefault[]> {
  const added =
    effect.kind === 'alters' ? effect.clauses.flatMap((it) => (it.kind === 'addColumn' ? [it.column] : [])) : [];
  const refused: RefusedDefault[] = [];
  for (const { name, typeKind, generated, default: value, type } of table?.columns ?? []) {
    if (typeKind !== 'd' || generated || !added.includes(name)) continue;
    await session.run('savepoint rehearsal_default');
    const answer = await session.run(`select (${value ?? 'null'})::${type}`);
    await session.run('rollback to savepoint rehearsal_default');
    if (answer.kind === 'refused')
      refused.push({ column: name, sqlState: answer.refusal.sqlState, message: answer.refusal.message });
  }
  return refused;
}

async function domainOf(session: Session, id: string): Promise<DomainFacts | undefined> {
  const [row] = await session.rows<{ facts: DomainFacts }>(domainQuery, [id]);
  return row?.facts;
}

type Writing = Pick<Facts, 'touched' | 'missing'>;

const nothingWritten: Writing = { touched: [], missing: { tables: [], functions: [] } };

async function writingOf(
  session: Session,
  { tables, calls }: Extract<Asking, { kind: 'writes' }>,
  ids: readonly string[],
): Promise<Writing> {
  const [row] = await session.rows<{ tables: Named[]; wild: boolean; missing: string[] }>(touchedQuery, [ids, calls]);
  if (!row) throw new Error('a select without FROM has one row');
  return {
    touched: row.wild ? 'all' : row.tables.map(([schema, name]) => tableKey({ schema, name })),
    missing: { tables: tables.map(lastOf).filter((_, i) => ids[i] === '0'), functions: row.missing },
  };
}
