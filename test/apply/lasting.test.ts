/** What of a script stays when it is cut off: judged by statements alone, without a server. */
import { deepEqual } from 'node:assert/strict';
import { lastingOf, verbOf } from '../../server/engine/apply/lasting';
import { statementsOf } from '../../server/engine/sql/scan';

/** Numbers of the statements that last, from 1. */
function numbers(script: string, together: boolean): readonly number[] {
  const statements = statementsOf(script);
  return lastingOf(statements, together).map((it) => statements.indexOf(it) + 1);
}

describe('what lasts of a script', () => {
  it('each statement, when each is committed at once', () => deepEqual(numbers('a; b; c', false), [1, 2, 3]));

  it('none, when all are one transaction', () => deepEqual(numbers('a; b; c', true), []));

  it('what a COMMIT of its own has ended', () => {
    deepEqual(numbers('a; begin; b; commit; c; start transaction; d', false), [1, 3, 5]);
    deepEqual(numbers('a; begin; b; end; c; commit work; d', true), [1, 3, 5]);
  });

  it('not what a ROLLBACK of its own has ended', () => {
    deepEqual(numbers('begin; a; rollback; b; begin; c; abort', false), [4]);
  });

  it('not what was rolled back to a savepoint', () => {
    deepEqual(numbers('begin; a; savepoint One; b; rollback to savepoint one; c; commit', false), [2, 6]);
    deepEqual(numbers('begin; savepoint "x y"; a; rollback work to "x y"; b; release "x y"; commit', false), [5]);
  });

  it('whatever comments and case there are', () => {
    const verbs = statementsOf('/* x */ BeGiN; -- y\nROLLBACK /* to */ TO a; rollback prepared $$x$$; endless()').map(
      verbOf,
    );
    deepEqual(verbs, ['begin', 'rollbackTo', undefined, undefined]);
  });
});
