/** How does a statement stand to transactions: does it start or end one, must it run outside of one? */
import type { TransactionVerb } from './statement';
import type { Words } from './words';

export function transactionVerb({ flat }: Words): TransactionVerb | undefined {
  return verbs.find(([pattern]) => pattern.test(flat))?.[1];
}

/**
 * Whether Postgres refuses the statement inside a transaction block, whatever the state of the database.
 *
 * Calls of `PreventInTransactionBlock` in the server's source (14 to 18), tried on both. Where it depends on the
 * database (REINDEX or CLUSTER of a partitioned table, DROP SUBSCRIPTION without a slot) the common case counts.
 */
export function runsOutsideTransaction({ all, flat }: Words): boolean {
  return outside.some((pattern) => pattern.test(flat)) || reindexesApart(all) || subscribesApart(all, flat);
}

const verbs: readonly (readonly [RegExp, TransactionVerb])[] = [
  [/^(?:begin|start transaction)\b/, 'begin'],
  [/^(?:commit(?! prepared)|end|prepare transaction)\b/, 'commit'],
  [/^rollback (?:work |transaction )?to\b/, 'rollbackTo'],
  [/^(?:rollback(?! prepared)|abort)\b/, 'rollback'],
  [/^savepoint\b/, 'savepoint'],
  [/^release\b/, 'release'],
];

const outside: readonly RegExp[] = [
  /^vacuum\b/,
  /^create (?:unique )?index concurrently\b/,
  /^drop index concurrently\b/,
  /^cluster(?: verbose)?$/,
  /^alter system\b/,
  /^(?:create|drop) (?:database|tablespace)\b/,
  /^alter database \S+ set tablespace\b/,
  /^drop subscription\b/,
  /^alter table .* detach partition .* concurrently$/,
  /^discard all\b/,
  /^(?:commit|rollback) prepared\b/,
];

function reindexesApart(all: string): boolean {
  const [, options = '', rest = ''] = /^reindex (?:\( (.*?) \) )?(.*)/.exec(all) ?? [];
  if (/^(?:schema|database|system)\b/.test(rest) || /^(?:table|index) concurrently\b/.test(rest)) return true;
  return /\bconcurrently\b(?! (?:false|off|0|'false'|'off')(?: |$))/.test(options);
}

/** A subscription makes its replication slot on the other server, unless it is told not to. */
function subscribesApart(all: string, flat: string): boolean {
  if (/^create subscription\b/.test(flat))
    return !/\b(?:connect|create_slot) (?:= )?(?:false|off|0|'false'|'off')/.test(all);
  if (/^alter subscription \S+ refresh publication\b/.test(flat)) return true;
  return (
    /^alter subscription \S+ (?:set|add|drop) publication\b/.test(flat) &&
    !/\brefresh (?:= )?(?:false|off|0|'false'|'off')/.test(all)
  );
}
