/** Findings as diagnostics: exact ranges in any text, codes with links, causes and related places. */
import { deepEqual, equal } from 'node:assert/strict';
import type { Finding } from '../../server/engine/project';
import { diagnosticsOf, notChecked } from '../../server/language/diagnostics';
import { uriOf } from '../../server/language/uri';

const refused: Finding = {
  range: { start: 0, end: 1 },
  severity: 'error',
  code: 'refused',
  sqlState: '42P01',
  message: 'relation "x" does not exist',
};

/** The finding placed at the first `needle` of the text the engine sees. */
const at = (text: string, needle: string, finding: Finding = refused): Finding => {
  const start = text.replace('\uFEFF', '').indexOf(needle);
  return { ...finding, range: { start, end: start + needle.length } };
};

const rangeOf = (text: string, needle: string) => diagnosticsOf(text, [at(text, needle)], () => undefined)[0]?.range;

describe('diagnostics', () => {
  it('counts lines and characters as the editor does: emoji are two, CR LF and a lone CR end a line', () => {
    deepEqual(rangeOf("select '😀', x;", 'x'), {
      start: { line: 0, character: 13 },
      end: { line: 0, character: 14 },
    });
    deepEqual(rangeOf('select 1;\r\nselect\rx;', 'x'), {
      start: { line: 2, character: 0 },
      end: { line: 2, character: 1 },
    });
  });

  it('counts a byte order mark that the editor kept', () => {
    deepEqual(rangeOf('\uFEFFselect x', 'x'), { start: { line: 0, character: 8 }, end: { line: 0, character: 9 } });
    deepEqual(rangeOf('\uFEFFselect 1;\nx', 'x'), { start: { line: 1, character: 0 }, end: { line: 1, character: 1 } });
  });

  it('links an SQLSTATE to the page of PostgreSQL, and a code of ours to nothing', () => {
    const own: Finding = { ...refused, code: 'not-rehearsed', severity: 'information' };
    const { sqlState: _, ...ownWithout } = own;
    const [theirs, ours] = diagnosticsOf('select x', [refused, ownWithout], () => undefined);
    equal(theirs?.code, '42P01');
    equal(theirs?.codeDescription?.href, 'https://www.postgresql.org/docs/current/errcodes-appendix.html');
    equal(theirs?.severity, 1);
    equal(ours?.code, 'not-rehearsed');
    equal(ours && 'codeDescription' in ours, false);
    equal(ours?.severity, 3);
  });

  it('adds detail and hint as psql prints them', () => {
    const [it] = diagnosticsOf('x', [{ ...refused, detail: 'Key (a)=(1).', hint: 'Look.' }], () => undefined);
    equal(it?.message, 'relation "x" does not exist\nDetail: Key (a)=(1).\nHint: Look.');
  });

  it('points to the cause in another file, then to related places', () => {
    const path = '/work space/2_é.sql';
    const texts: Record<string, string> = { [path]: 'select 1;\ncreate tabel x ();' };
    const finding: Finding = {
      ...refused,
      severity: 'hint',
      consequenceOf: { path, range: { start: 17, end: 22 } },
      related: [{ path, range: { start: 0, end: 6 }, message: 'made here' }],
    };
    const [it] = diagnosticsOf('x', [finding], (other) => texts[other]);
    deepEqual(it?.relatedInformation, [
      {
        location: { uri: uriOf(path), range: { start: { line: 1, character: 7 }, end: { line: 1, character: 12 } } },
        message: 'This did not run, and the statement needs it.',
      },
      {
        location: { uri: uriOf(path), range: { start: { line: 0, character: 0 }, end: { line: 0, character: 6 } } },
        message: 'made here',
      },
    ]);
  });

  it('marks the first line of a file that was not checked', () => {
    const { range, severity, code } = notChecked('-- one\r\n-- two', 'Postgres does not answer.');
    deepEqual(range, { start: { line: 0, character: 0 }, end: { line: 0, character: 6 } });
    equal(severity, 3);
    equal(code, 'not-checked');
  });
});
