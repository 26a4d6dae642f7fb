/** What is asked of the server behind a statement, depending on what the statement can have done. */
import type { Shape } from '../../sql/statement';
import { dependentsQuestion, literalsOf } from './dependents';
import { oidsOf } from './held';
import type { Mark } from './mark';
import { isForeseen } from './needed';
import type { Observation } from './observation';
import { asked } from './prepared';
import { ownedBy, relationAt, type Relations, relationsCalled } from './relations';

/**
 * Everything that is asked behind a statement; nothing when the server need not be asked.
 *
 * @param counted as `countedBy` has it for the statement
 */
export function questionsOf(
  shape: Shape,
  { relations, named, routines }: Mark,
  counted: readonly number[] | undefined,
  toldBy: Observation['toldBy'],
): string[] {
  const { node } = shape;
  const asksLocks = !isForeseen(shape, relations);
  const dependents = shape.alters.flatMap((it) => dependentsQuestion(it, routines) ?? []);
  return [
    ...(asksLocks && counted ? [asked('locks', [String(named)])] : []),
    ...(counted ? countedAgain(node, counted) : [asked('locked', [String(named), String(!rowsOnly.has(node))])]),
    ...dependents.map((it) => asked('dependents', literalsOf(it))),
    ...(!asksLocks && toldBy === 'grammar' && makesRelations(shape) ? [asked('names', [String(named)])] : []),
  ];
}

const makesRelations = ({ makes }: Shape): boolean => makes.some(({ kind }) => kind === 'relation' || kind === 'index');

function countedAgain(node: string, counted: readonly number[]): string[] {
  if (counted.length === 0) return [];
  const oids = oidsOf(counted);
  return [asked('counts', [oids]), ...(node === 'IndexStmt' ? [asked('indexed', [oids])] : [])];
}

/** What is asked before a statement. */
export const countsQuestion = (oids: readonly number[] | 'all'): string =>
  oids === 'all' ? asked('all_counts') : asked('counts', [oidsOf(oids)]);

/**
 * Relations whose files and counts may have moved; undefined for any. For most statements that is none, and for nearly
 * all others those that they name, which is why they cost so little.
 */
export function countedBy({ node, locks, foreseen }: Shape, relations: Relations): number[] | undefined {
  if (touchesAny.has(node)) return undefined;
  if (foreseen === 'all' || !touchesNamed.has(node)) return [];
  const named = [...new Set(locks.flatMap((it) => relationsCalled(relations, it)))];
  const all = [...new Set([...named, ...ownedBy(relations, named)])];
  // Indexes are asked about because they may be written anew.
  return node === 'IndexStmt' ? all.filter((oid) => relationAt(relations, oid)?.kind !== 'index') : all;
}

/** Statements that may read, write or rewrite tables that they do not name: by triggers, functions, cascades. */
const touchesAny: ReadonlySet<string> = new Set([
  'AlterDomainStmt',
  'AlterExtensionStmt',
  'CallStmt',
  'CopyStmt',
  'CreateExtensionStmt',
  'CreateTableAsStmt',
  'DeleteStmt',
  'DoStmt',
  'ExecuteStmt',
  'ExplainStmt',
  'FetchStmt',
  'InsertStmt',
  'MergeStmt',
  'RefreshMatViewStmt',
  'SelectStmt',
  'TruncateStmt',
  'UpdateStmt',
  'unreadable',
]);

/** Statements that write no file anew. */
const rowsOnly: ReadonlySet<string> = new Set([
  'CopyStmt',
  'DeleteStmt',
  'IndexStmt',
  'InsertStmt',
  'MergeStmt',
  'UpdateStmt',
]);

/** Statements that read or rewrite only what they name, and what belongs to that. */
const touchesNamed: ReadonlySet<string> = new Set([
  'AlterTableStmt',
  'ClusterStmt',
  'ConstraintsSetStmt',
  'CreateStmt',
  'IndexStmt',
  'ReindexStmt',
]);
