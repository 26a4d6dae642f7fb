/** What is asked of the server behind a statement, depending on what the statement can have done. */
import type { Shape } from '../../sql/statement';
import { dependentsQuestion, dependentVariables, literalsOf, tellDependents } from './dependents';
import { heldVariables, tellHeld } from './held';
import { reportState } from './install';
import { isForeseen } from './needed';
import { ownedBy, relationAt, type Relations, relationsCalled, tablesOf } from './relations';

/**
 * Everything that is asked behind a statement, as SQL; the answers are notices. Empty when the server need not be asked.
 *
 * @param named names are known of relations up to this oid
 */
export function questionOf(shape: Shape, relations: Relations, named: number, form: Form): string {
  const counted = countedBy(shape, relations);
  const asksLocks = !isForeseen(shape, relations) || (!form.reports && shape.makes.length > 0);
  const asksHeld = asksLocks || counted === undefined || counted.length > 0;
  return [
    ...(asksHeld ? [form.held(asksLocks ? named : undefined, counted, !rowsOnly.has(shape.node))] : []),
    ...shape.alters.flatMap((it) => dependentsQuestion(it) ?? []).map((it) => form.dependents(literalsOf(it))),
  ].join('; ');
}

/** For what a statement has read that was taken back, and holds no locks any more; empty when it cannot have read. */
export function countQuestion(shape: Shape, relations: Relations, form: Form): string {
  const counted = countedBy(shape, relations) ?? tablesOf(relations);
  return counted.length === 0 ? '' : form.held(undefined, counted, false);
}

/** How to ask. */
export interface Form {
  /** Event triggers tell what statements make. */
  readonly reports: boolean;
  /** Parameters as in `tellHeld`; undefined is null there. */
  held(newest: number | undefined, counted: readonly number[] | undefined, files: boolean): string;
  dependents(literals: readonly string[]): string;
}

const oidsOf = (counted: readonly number[] | undefined): string =>
  counted === undefined ? 'null' : `'{${counted.join()}}'`;

/** Where the observer is installed. */
export const asFunctions: Form = {
  reports: true,
  held: (newest, counted, files) =>
    `select pg_catalog.rehearsal_held(${newest ?? 'null'}, ${oidsOf(counted)}, ${files})`,
  dependents: (literals) => `select pg_catalog.rehearsal_dependents(${literals.join(', ')})`,
};

/** Where it may not be. */
export const asBlocks: Form = {
  reports: false,
  held: (newest, counted, files) =>
    block(
      `newest oid := ${newest ?? 'null'}; counted oid[] := ${oidsOf(counted)}; files boolean := ${files}; ${heldVariables}`,
      tellHeld(reportState),
    ),
  dependents: ([kind = '', object = '', part = '', words = '']) =>
    block(
      `class text := ${kind}; object text := ${object}; part text := ${part}; words text[] := ${words}; ${dependentVariables}`,
      tellDependents(reportState),
    ),
};

const block = (variables: string, body: string): string =>
  `do $observer$ declare ${variables} begin ${body} end $observer$`;

/**
 * Relations whose files and counts may have moved; undefined for any. For most statements that is none, and for nearly
 * all others those that they name, which is why they cost so little.
 */
function countedBy({ node, locks, foreseen }: Shape, relations: Relations): number[] | undefined {
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
