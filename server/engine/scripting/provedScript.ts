/**
 * Does a script really lead from one schema to another? It is run, and what pg_dump says of the result is compared with
 * what it says of the schema that was wanted.
 */
import { quoteName } from '../database/quote';
import type { Refusal, Session } from '../database/session';
import type { ObjectChange } from '../changes';
import { differenceButForOrder } from '../schema/comparable';
import { objectsOf } from '../schema/schemaText';
import type { Catalog } from './catalog';
import { aroundOf, nothingAround, repairsOf } from './dumped';
import type { Script, ScriptStatement } from './script';
import { type BetweenOptions, scriptBetween } from './scriptBetween';
import { wellWritten } from './wellWritten';

/** Where a script is tried: copies of a database that stands in the schema to go from, thrown away afterwards. */
export interface ProvingGround {
  withCopy<T>(use: (copy: Copy) => Promise<T>): Promise<T>;
}

export interface Copy {
  /** In no transaction. */
  readonly session: Session;
  /** pg_dump --schema-only of what is committed. */
  dump(): Promise<string>;
}

/** The schema to go to. */
export interface Wanted {
  readonly catalog: Catalog;
  readonly dump: string;
}

export type Proved =
  | { readonly kind: 'exact'; readonly script: Script }
  /** It runs, and leaves these objects as something else: from what it makes to what was wanted. */
  | { readonly kind: 'different'; readonly script: Script; readonly differences: readonly ObjectChange[] }
  | {
      readonly kind: 'refused';
      readonly script: Script;
      readonly statement: ScriptStatement;
      readonly refusal: Refusal;
    }
  | { readonly kind: 'impossible'; readonly why: string };

/**
 * The statements that lead from the schema of the copies to another, as they were tried.
 *
 * @throws {Fault} as Session.rows; whatever `withCopy` throws
 */
export async function provedScript(ground: ProvingGround, wanted: Wanted, options?: BetweenOptions): Promise<Proved> {
  const { dump, ...first } = await ground.withCopy((copy) => attempt(copy, wanted, options));
  if (first.kind !== 'different' || dump === undefined) return first;
  // What it leaves is mended by what pg_dump would write; that is tried like everything else, from the start.
  const repairs = repairsOf(objectsOf(dump), objectsOf(wanted.dump));
  if (repairs.length === 0) return first;
  const script = { ...first.script, statements: [...first.script.statements, ...written(repairs.map(plain), wanted)] };
  const second = await ground.withCopy((copy) => tried(copy, script, wanted.dump));
  return second.kind === 'exact' ? { kind: 'exact', script } : first;
}

/** With what it has led to, where that was another schema. */
type Tried = Proved & { readonly dump?: string };

async function attempt(copy: Copy, wanted: Wanted, options: BetweenOptions | undefined): Promise<Tried> {
  const between = await scriptBetween(copy.session, wanted.catalog, options);
  if (between.kind === 'impossible') return between;
  const { statements, unmodelled } = between;
  const { drops, creates } =
    unmodelled.length === 0
      ? nothingAround
      : aroundOf(objectsOf(await copy.dump()), objectsOf(wanted.dump), tablesLost(statements));
  const all = [...drops.map(plain), ...statements, ...creates.map(plain)];
  return tried(copy, { statements: written(all, wanted), unmodelled }, wanted.dump);
}

const tablesLost = (statements: readonly ScriptStatement[]): ReadonlySet<string> =>
  new Set(
    statements.flatMap(({ loses }) =>
      loses.flatMap((it) => (it.kind === 'table' ? [quoteName(it.schema, it.table)] : [])),
    ),
  );

const plain = (sql: string): ScriptStatement => ({ sql, transaction: 'inside', loses: [] });

const written = (statements: readonly ScriptStatement[], { catalog }: Wanted): ScriptStatement[] =>
  statements.map((it) => ({ ...it, sql: wellWritten(it.sql, catalog.keywords) }));

async function tried(copy: Copy, script: Script, wanted: string): Promise<Tried> {
  const refused = await runScript(copy.session, script);
  if (refused) return { kind: 'refused', script, ...refused };
  const dump = await copy.dump();
  const differences = differenceButForOrder(dump, wanted);
  return differences.length === 0 ? { kind: 'exact', script } : { kind: 'different', script, differences, dump };
}

interface Refused {
  readonly statement: ScriptStatement;
  readonly refusal: Refusal;
}

/** In one transaction where that is possible, else one by one. */
export async function runScript(session: Session, { statements }: Script): Promise<Refused | undefined> {
  const together = isOneTransaction({ statements });
  if (together) await session.run('begin');
  for (const statement of statements) {
    const answer = await session.run(statement.sql);
    if (answer.kind === 'done') continue;
    if (together) await session.run('rollback');
    return { statement, refusal: answer.refusal };
  }
  if (!together) return undefined;
  const answer = await session.run('commit');
  const last = statements.at(-1);
  return answer.kind === 'refused' && last ? { statement: last, refusal: answer.refusal } : undefined;
}

/** Whether all of it can stand in one transaction. */
export const isOneTransaction = ({ statements }: Pick<Script, 'statements'>): boolean =>
  statements.every(({ transaction }) => transaction === 'inside');
