/** What drizzle would not tell of a file: marks that are none, and scripts that end the transaction of all. */
import { transactionVerb } from '../sql/transaction';
import { tokensOf } from '../sql/tokens';
import { wordsOf } from '../sql/words';
import type { FileProblem, Script } from './layout';
import { statementsIn } from './statements';

/** Lines that only nearly are what drizzle looks for. */
export function breakpointProblems(text: string): FileProblem[] {
  return [...text.matchAll(/--[ \t]*>?[ \t]*statement[ \t_-]*break[ \t_-]*point\b/gi)].flatMap((found) => {
    if (found[0] === breakpoint) return [];
    const range = { start: found.index, end: found.index + found[0].length };
    return [
      {
        range,
        severity: 'warning',
        code: 'drizzle-breakpoint',
        message: `drizzle does not cut the file here: it looks for "${breakpoint}".`,
        fixes: [{ title: `Write "${breakpoint}"`, edits: [{ range, text: breakpoint }] }],
      },
    ];
  });
}

/** The transaction is that of all pending migrations. */
export const endProblems = (text: string, script: Script): FileProblem[] =>
  statementsIn(text, script).flatMap(({ text: sql, range }) => {
    const verb = transactionVerb(wordsOf(tokensOf(sql.slice(0, 200))));
    if (verb !== 'commit' && verb !== 'rollback') return [];
    return [
      {
        range,
        severity: 'warning',
        code: 'drizzle-ends-transaction',
        message:
          verb === 'commit'
            ? 'This ends the transaction in which drizzle runs all pending migrations: what stands before it stays, also when something behind it is refused.'
            : 'This ends the transaction in which drizzle runs all pending migrations, and takes those before it back, too.',
      },
    ];
  });

const breakpoint = '--> statement-breakpoint';
