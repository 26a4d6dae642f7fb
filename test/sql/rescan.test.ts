/** Whatever is edited, what is not read again is what would be read. */
import { deepEqual } from 'node:assert/strict';
import fc from 'fast-check';
import { rescanned } from '../../server/engine/sql/rescan';
import { statementsOf } from '../../server/engine/sql/scan';

const fragment = fc.constantFrom(
  'select 1',
  ';',
  ';\n',
  ' ',
  '\n',
  "'",
  "''",
  '"',
  '$$',
  '$a$',
  '--',
  '/*',
  '*/',
  '-- c\n',
  "e'\\'",
  '(',
  ')',
  'begin atomic ',
  ' end',
  'create function f() ',
  'create rule r as on insert to t do (',
  'copy t from stdin;\n',
  '1\t2\n',
  '\\.\n',
  '\\connect x\n',
  '🎉',
  'case ',
  'set standard_conforming_strings = off;',
  'U&',
  '::int',
);
const text = fc.array(fragment, { maxLength: 14 }).map((parts) => parts.join(''));

describe('scanning again', () => {
  it('gives the statements of the new text', () => {
    fc.assert(
      fc.property(text, text, text, text, text, fc.nat(3), (head, before, old, now, after, outside) => {
        const [first, second] = [head + before + old + after, head + before + now + after];
        const start = Math.min(outside, head.length);
        const [was, is] = [
          { start, end: first.length },
          { start, end: second.length },
        ];
        const former = { text: first, range: was, statements: statementsOf(first, was) };
        deepEqual(rescanned(former, second, is), statementsOf(second, is));
      }),
      { numRuns: 20_000 },
    );
  });

  it('reads only what was edited', () => {
    const statements = Array.from({ length: 5_000 }, (_, n) => `create table t${n} (id int)`);
    const first = statements.join(';\n');
    const second = statements.with(2_500, 'drop table t1').join(';\n');
    const range = { start: 0, end: first.length };
    const former = { text: first, range, statements: statementsOf(first, range) };
    const again = rescanned(former, second, { start: 0, end: second.length });
    deepEqual(again.length, 5_000);
    deepEqual(again.filter((it, n) => it === former.statements[n]).length, 2_500);
  });
});
