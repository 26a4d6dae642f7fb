/** Rows at fault in the editor: an action beside the diagnostic that has some, and a table that one can read. */
import { deepEqual, equal } from 'node:assert/strict';
import type { Finding } from '../../server/engine/project';
import { rangesIn } from '../../server/language/positions';
import { showRowsActions } from '../../server/language/rowsAtFault';
import { tableText } from '../../server/language/tableText';

const text = 'alter table t\n  alter a set not null;\nselect 1;\n';
const finding: Finding = {
  range: { start: 22, end: 23 },
  severity: 'error',
  code: 'rows-refuse',
  message: '2 rows of t have no a (column "a" of relation "t" contains null values)',
  rows: 'x',
};

const actionsAt = (line: number, character: number, findings: readonly Finding[] = [finding]) =>
  showRowsActions('file:///m.sql', findings, rangesIn(text), { start: { line, character }, end: { line, character } });

describe('rows at fault', () => {
  it('are offered where the diagnostic is', () => {
    deepEqual(actionsAt(1, 9), [
      {
        title: 'Show rows: 2 rows of t have no a',
        kind: 'quickfix',
        command: { title: 'Show rows', command: 'rehearsal.showRows', arguments: ['file:///m.sql', 'x'] },
      },
    ]);
  });

  it('are not offered elsewhere, nor where there are none', () => {
    const { rows: _, ...without } = finding;
    deepEqual([actionsAt(1, 2), actionsAt(2, 0), actionsAt(1, 9, [without])], [[], [], []]);
  });

  it('are a table, one row on each line', () => {
    equal(
      tableText(
        ['id', 'name'],
        [
          ['1', 'two\nlines'],
          ['20', null],
          ['3', '漢字'],
        ],
      ),
      'id  name\n──  ─────────\n1   two␊lines\n20  NULL\n3   漢字\n',
    );
  });

  it('are cut where they are too long to read', () => {
    equal(tableText(['a'], [['x'.repeat(500)]]).split('\n')[2], `${'x'.repeat(79)}…`);
  });
});
