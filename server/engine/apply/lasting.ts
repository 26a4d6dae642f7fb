/** Which statements of a script last, as those that it runs begin and end transactions. */
import { foldedName, tokensOf } from '../sql/tokens';
import type { Statement, TransactionVerb } from '../sql/statement';
import { transactionVerb } from '../sql/transaction';
import { wordsOf } from '../sql/words';

/** What tells a transaction statement stands at its beginning. */
const enough = 200;

export const verbOf = ({ text }: Pick<Statement, 'text'>): TransactionVerb | undefined =>
  transactionVerb(wordsOf(tokensOf(text.slice(0, enough))));

export interface Effects {
  /** Takes note of a statement that Postgres has carried out. */
  did(statement: Statement): void;
  /** Those that stay, when no COMMIT follows any more; grows with `did`. */
  readonly lasting: readonly Statement[];
  /** Those that a COMMIT now would make stay. */
  readonly open: readonly Statement[];
}

/** @param together true when what stands outside the script's own transactions is one transaction as well */
export function effectsOf(together: boolean): Effects {
  const lasting: Statement[] = [];
  let open: Statement[] = [];
  let savepoints: { readonly name: string; readonly before: number }[] = [];
  let inside = together;
  const end = (kept: readonly Statement[]): void => {
    for (const statement of kept) lasting.push(statement);
    [open, savepoints, inside] = [[], [], together];
  };
  return {
    lasting,
    get open() {
      return open;
    },
    did(statement) {
      switch (verbOf(statement)) {
        case 'begin':
          inside = true;
          break;
        case 'commit':
          end(open);
          break;
        case 'rollback':
          end([]);
          break;
        case 'savepoint':
          savepoints.push({ name: lastName(statement), before: open.length });
          break;
        case 'rollbackTo': {
          const back = savepoints.findLast(({ name }) => name === lastName(statement));
          open.length = back?.before ?? open.length;
          break;
        }
        case 'release':
          break;
        case undefined:
          (inside ? open : lasting).push(statement);
      }
    },
  };
}

export function lastingOf(done: readonly Statement[], together: boolean): readonly Statement[] {
  const effects = effectsOf(together);
  for (const statement of done) effects.did(statement);
  return effects.lasting;
}

/** Of what was done in a transaction, or behind the last one that ended, what a COMMIT would make stay. */
export function openOf(done: readonly Statement[]): readonly Statement[] {
  const effects = effectsOf(true);
  for (const statement of done) effects.did(statement);
  return effects.open;
}

const lastName = ({ text }: Statement): string =>
  foldedName(tokensOf(text).findLast(({ kind }) => kind !== 'comment')?.text ?? '');
