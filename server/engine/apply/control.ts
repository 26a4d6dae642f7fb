/** Statements that begin and end transactions, and what of a script they have made lasting. */
import type { Statement } from '../sql/statement';

export type Control = 'begin' | 'commit' | 'rollback' | 'within' | undefined;

/** By the first words, which decide it in Postgres's grammar. `within`: savepoints, which end nothing. */
export function controlOf({ text }: Pick<Statement, 'text'>): Control {
  const [first = '', second = ''] = text
    .slice(0, 80)
    .toLowerCase()
    .split(/[\s;]+/, 2);
  switch (first) {
    case 'begin':
      return 'begin';
    case 'start':
      return second === 'transaction' ? 'begin' : undefined;
    case 'commit':
    case 'end':
      return 'commit';
    case 'prepare':
      return second === 'transaction' ? 'commit' : undefined;
    case 'rollback':
    case 'abort':
      return /^rollback\s+((work|transaction)\s+)?to\b/i.test(text) ? 'within' : 'rollback';
    case 'savepoint':
    case 'release':
      return 'within';
    default:
      return undefined;
  }
}

/**
 * Which of the statements that Postgres has carried out stay, when no COMMIT follows them any more.
 *
 * @param together true when what stands outside the script's own transactions is one transaction as well
 */
export function lastingOf(done: readonly Statement[], together: boolean): readonly Statement[] {
  const lasting: Statement[] = [];
  let open: Statement[] = [];
  let inside = together;
  for (const statement of done) {
    const control = controlOf(statement);
    if (control === 'begin') inside = true;
    else if (control === 'commit' || control === 'rollback') {
      if (control === 'commit') lasting.push(...open);
      open = [];
      inside = together;
    } else if (control === undefined) (inside ? open : lasting).push(statement);
  }
  return lasting;
}
