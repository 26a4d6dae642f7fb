/** What is a refusal of a query of ours called, where it has a name of its own? */
import type { FaultCode } from '../base/fault';

const codes: Readonly<Record<string, FaultCode>> = {
  '42501': 'no-right',
  '53100': 'disk-full',
  '55006': 'busy',
  '55P03': 'busy',
  // deadlock_detected: it has passed when somebody tries again.
  '40P01': 'busy',
  // read_only_sql_transaction
  '25006': 'only-reads',
};

/** @param sqlState undefined where Postgres has told none */
export const faultCodeOf = (sqlState: string | undefined): FaultCode => codes[sqlState ?? ''] ?? 'refused';

/** invalid_sql_statement_name: no statement is prepared by that name. */
export const notPrepared = '26000';
