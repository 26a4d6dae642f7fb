/** Does a script begin a transaction that it does not end? */
import { isWithin } from '../base/text';
import type { Script } from '../layouts/layout';
import type { Finding } from '../project';
import { headOf } from '../sql/head';
import type { PlacedOutcome } from './outcome';

/**
 * The tool sends such a script and goes on in the middle of its transaction, or closes the connection: either way
 * nothing after the BEGIN lasts. In a transaction of the tool's own the BEGIN has no effect.
 *
 * @param outcomes of these scripts
 */
export function unclosedFindings(scripts: readonly Script[], outcomes: readonly PlacedOutcome[]): Finding[] {
  return scripts
    .filter(({ mode }) => mode !== 'transaction')
    .flatMap(({ range }) => {
      const begin = openAtEnd(outcomes.filter(({ statement }) => isWithin(statement.range, range)));
      if (!begin) return [];
      return {
        range: headOf(begin.statement),
        severity: 'warning',
        code: 'unclosed-transaction',
        message: 'The script does not end this transaction: nothing that follows is kept.',
        hint: 'Add COMMIT at its end.',
      };
    });
}

function openAtEnd(outcomes: readonly PlacedOutcome[]): PlacedOutcome | undefined {
  let open: PlacedOutcome | undefined;
  for (const outcome of outcomes) {
    const { statement, shape } = outcome;
    if (shape.transaction === 'begin') open ??= outcome;
    else if (shape.transaction === 'commit' || shape.transaction === 'rollback')
      open = /\band\s+chain\b/i.test(statement.text) && !/\bno\s+chain\b/i.test(statement.text) ? outcome : undefined;
  }
  return open;
}
