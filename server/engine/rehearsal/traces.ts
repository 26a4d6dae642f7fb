/** What does a rollback leave behind in a session? */
import type { Step } from './run';

/**
 * Prepared statements, advisory locks of the session, the last number of a sequence (`currval`), the seed of `random`,
 * loaded libraries (Postgres documentation: PREPARE, "Advisory Locks", "Sequence Manipulation Functions", LOAD). A
 * rollback to a savepoint does not bring back a cursor that was closed, nor its place (ROLLBACK TO SAVEPOINT).
 */
export const leavesTraces = ({ shape: { node }, statement: { text } }: Step): boolean =>
  leaving.has(node) || traces.test(text);

const leaving = new Set([
  'PrepareStmt',
  'DeallocateStmt',
  'DiscardStmt',
  'LoadStmt',
  'DeclareCursorStmt',
  'FetchStmt',
  'ClosePortalStmt',
]);

const traces =
  /advisory_(?:lock|unlock|try)|try_advisory_lock|\b(?:curr|last)val\b|\bsetseed\b|\b(?:prepare|deallocate|load|discard)\b/i;
