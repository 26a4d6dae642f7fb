/** How does one get from one schema to another? By pg-delta's comparison of their catalogs, and mends of ours. */
import { type Action, plan } from '@supabase/pg-delta/plan';
import type { Session } from '../database/session';
import { type Catalog, demand, type Facts, readCatalog } from './catalog';
import { folded } from './folded';
import { mendedActions, mendedFacts } from './mends';
import { renamesBetween } from './names';
import { reattachments } from './partitions';
import type { Loss, Script, ScriptStatement } from './script';
import { withSequencesGoingOn } from './sequences';

export type Between =
  | ({ readonly kind: 'script' } & Script)
  /** Of something that cannot be changed in the schema; in words that name it. */
  | { readonly kind: 'impossible'; readonly why: string };

export interface BetweenOptions {
  /**
   * Both are the same database, or copies of one, at two times: then what has only got another name or schema is known,
   * and keeps its rows. Else such objects are dropped and made anew.
   */
  readonly sameDatabase: boolean;
}

/**
 * Nothing lasting is done to the database; for `sameDatabase` its session must be one that may write.
 *
 * @param from stands in the schema to go from; perhaps in an open transaction, which stays as it was
 * @param to the schema to go to, as it was read
 * @throws {Fault} as Session.rows
 */
export async function scriptBetween(
  from: Session,
  to: Catalog,
  { sameDatabase }: BetweenOptions = { sameDatabase: false },
): Promise<Between> {
  const now = await readCatalog(from);
  const moves = sameDatabase ? movesBetween(now, to) : [];
  const moved = moves.length > 0 ? await catalogAfter(from, moves) : undefined;
  const planned = planBetween((moved ?? now).facts, to);
  if (typeof planned === 'string') return { kind: 'impossible', why: planned };
  const first = moved ? moves.map((sql): ScriptStatement => ({ sql, transaction: 'inside', loses: [] })) : [];
  return { kind: 'script', statements: [...first, ...planned], unmodelled: unmodelledOf(now, to) };
}

/** What keeps its rows: it has got another name, schema or parent. */
function movesBetween(now: Catalog, to: Catalog): string[] {
  const { detach, attach } = reattachments(now.partitions, to.partitions);
  return [...detach, ...renamesBetween(now.names, to.names), ...attach];
}

const savepoint = 'rehearsal_moves';

/** The catalog after statements that are taken back. Undefined when they cannot be run by themselves. */
async function catalogAfter(session: Session, statements: readonly string[]): Promise<Catalog | undefined> {
  const inside = session.transaction === 'open';
  await demand(session, inside ? `savepoint ${savepoint}` : 'begin');
  try {
    const answer = await session.run(statements.join(';\n'));
    return answer.kind === 'done' ? await readCatalog(session) : undefined;
  } finally {
    if (!session.lost)
      await demand(session, inside ? `rollback to savepoint ${savepoint}; release savepoint ${savepoint}` : 'rollback');
  }
}

/** @returns its words when it knows no way */
function planBetween(is: Facts, wanted: Catalog): ScriptStatement[] | string {
  const { from, to } = mendedFacts(is, wanted.facts);
  const least = folded(from, to);
  const planned = statementsBetween(least, to, wanted);
  // Where what goes holds on to one another in a circle, some of it has to be dropped by itself.
  return typeof planned === 'string' && least !== from ? statementsBetween(from, to, wanted) : planned;
}

/** @returns its words when it knows no way */
function statementsBetween(from: Facts, to: Facts, wanted: Catalog): ScriptStatement[] | string {
  try {
    const { actions, preamble } = plan(from, to, { scope: 'database', assumedRoles: rolesIn(from, to) });
    const mended = mendedActions(actions, from, wanted);
    const statements = withSequencesGoingOn(mended.map(statementOf), mended, from, wanted);
    const settings = statements.length > 0 ? preamble.filter(({ name }) => name !== 'search_path') : [];
    return [...settings.map(({ name, value }) => setting(name, value)), ...statements];
  } catch (error) {
    // It throws plain errors for changes that it has no statements for.
    if (!(error instanceof Error)) throw error;
    return error.message;
  }
}

const rolesIn = (...sides: readonly Facts[]): string[] => [
  ...new Set(sides.flatMap((side) => side.facts().flatMap(({ id }) => (id.kind === 'role' ? [id.name] : [])))),
];

const setting = (name: string, value: string): ScriptStatement => ({
  sql: `SET ${name} = ${value}`,
  transaction: 'inside',
  loses: [],
});

const statementOf = ({ sql, transactionality, destroys, produces }: Action): ScriptStatement => ({
  sql,
  transaction:
    transactionality === 'nonTransactional'
      ? 'outside'
      : transactionality === 'commitBoundaryAfter'
        ? 'committed'
        : 'inside',
  // What it gives another name is destroyed and produced.
  loses: produces.length > 0 ? [] : lossesOf(destroys),
});

function lossesOf(destroyed: Action['destroys']): Loss[] {
  const tables = destroyed.flatMap((id): Loss[] =>
    id.kind === 'table' ? [{ kind: 'table', schema: id.schema, table: id.name }] : [],
  );
  if (tables.length > 0) return tables;
  return destroyed.flatMap((id): Loss[] =>
    id.kind === 'column' ? [{ kind: 'column', schema: id.schema, table: id.table, column: id.name }] : [],
  );
}

function unmodelledOf({ unmodelled: here }: Catalog, { unmodelled: there }: Catalog): string[] {
  return [...new Set([...here.keys(), ...there.keys()])].filter((kind) => here.get(kind) !== there.get(kind));
}
