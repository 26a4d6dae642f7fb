/** Scripts that end the transaction in which their tool runs all that is pending. */
import { tokensOf } from '../sql/tokens';
import { transactionVerb } from '../sql/transaction';
import { wordsOf } from '../sql/words';
import type { FileProblem, Script } from './layout';
import { statementsIn } from './statements';

/** @param tool for people */
export const endsOfShared = (tool: string, text: string, script: Script): FileProblem[] =>
  statementsIn(text, script).flatMap(({ text: sql, range }) => {
    const verb = transactionVerb(wordsOf(tokensOf(sql.slice(0, enough))));
    if (verb !== 'commit' && verb !== 'rollback') return [];
    const all = `This ends the transaction in which ${tool} runs all pending migrations`;
    const effect =
      verb === 'commit'
        ? `${all}: what stands before it stays, also when something behind it is refused.`
        : `${all}, and takes those before it back, too.`;
    return [
      { range, severity: 'warning', code: 'ends-shared-transaction', message: effect, direction: script.direction },
    ];
  });

/** What tells a transaction statement stands at its beginning. */
const enough = 200;
