/** What does a rollback leave behind in a session? */
import type { Step } from './run';

/**
 * Prepared statements, advisory locks of the session, the last number of a sequence (`currval`), the seed of `random`,
 * loaded libraries (Postgres documentation: PREPARE, "Advisory Locks", "Sequence Manipulation Functions", LOAD).
 */
export const leavesTraces = ({ shape: { node }, statement: { text } }: Step): boolean =>
  ['PrepareStmt', 'DeallocateStmt', 'DiscardStmt', 'LoadStmt'].includes(node) || traces.test(text);

const traces =
  /advisory_(?:lock|unlock|try)|try_advisory_lock|\b(?:curr|last)val\b|\bsetseed\b|\b(?:prepare|deallocate|load|discard)\b/i;
