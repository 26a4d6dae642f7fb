/** Fixes of a file beside the document, as an editor gets them. */
import { deepEqual } from 'node:assert/strict';
import type { Finding } from '../../server/engine/project';
import { fixActions } from '../../server/language/fixes';
import { rangesIn } from '../../server/language/positions';

it('a fix that mends two findings is offered once', () => {
  const at = { start: 0, end: 1 };
  const fixes = [{ title: 'Write "transaction:false"', edits: [{ range: at, text: 'x' }] }];
  const one: Finding = { range: at, severity: 'warning', code: 'a', message: '', fixes };
  const asked = { range: rangesIn('a;')(at), diagnostics: [] };
  const actions = fixActions({ uri: 'file:///m/1_a.sql' }, [one, { ...one, code: 'b' }], rangesIn('a;'), asked);
  deepEqual(
    actions.map(({ title }) => title),
    ['Write "transaction:false"'],
  );
});

describe('a fix of another file', () => {
  const sum = 'h1:a\n1_a.sql h1:b\n';
  const finding: Finding = {
    range: { start: 0, end: 0 },
    severity: 'error',
    code: 'atlas-sum',
    message: '',
    fixes: [
      {
        title: 'Write atlas.sum anew',
        path: 'atlas.sum',
        edits: [{ range: { start: 0, end: sum.length }, text: 'x' }],
      },
    ],
  };
  const start = { line: 0, character: 0 };

  it('edits that file, whatever version the document has', () => {
    const beside = (path: string) => ({ uri: `file:///m/${path}`, rangeOf: rangesIn(sum) });
    const asked = { range: { start, end: start }, diagnostics: [] };
    const actions = fixActions({ uri: 'file:///m/1_a.sql', version: 3, beside }, [finding], rangesIn('a;'), asked);
    deepEqual(
      actions.map(({ edit }) => edit),
      [{ changes: { 'file:///m/atlas.sum': [{ range: { start, end: { line: 2, character: 0 } }, newText: 'x' }] } }],
    );
  });
});
