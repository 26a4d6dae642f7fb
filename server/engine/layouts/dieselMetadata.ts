/**
 * `metadata.toml` beside a script of diesel: whether it runs in a transaction.
 *
 * Facts from diesel-rs/diesel 2.3.12, diesel_migrations/migrations_internals/src/lib.rs: without the file it does; with
 * a file that says nothing of it, it does not; with one that cannot be read, it does.
 */
import type { FileProblem } from './layout';
import { tomlValues } from './toml';

export interface DieselTransaction {
  readonly transaction: boolean;
  readonly problems: readonly FileProblem[];
}

/** @param text undefined when there is no such file */
export function transactionIn(text: string | undefined): DieselTransaction {
  if (text === undefined) return { transaction: true, problems: [] };
  const values = tomlValues(text);
  const value = values?.get('run_in_transaction');
  if (typeof value === 'boolean') return { transaction: value, problems: [] };
  if (value !== undefined || !values) return { transaction: true, problems: [unreadable] };
  return { transaction: false, problems: [silent] };
}

const warning = (message: string): FileProblem => ({
  range: { start: 0, end: 0 },
  severity: 'warning',
  code: 'diesel-metadata',
  message,
});

const silent = warning(
  'diesel runs this file without a transaction, for metadata.toml beside it does not say otherwise. Write "run_in_transaction = true" into it, or false.',
);

const unreadable = warning(
  'diesel cannot read metadata.toml beside this file, and runs it in a transaction without a word. Write "run_in_transaction = true", or false.',
);
