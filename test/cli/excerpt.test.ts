/** The source line with its underline, as it looks in a terminal. «» mark the token, | in the expected text is the gutter. */
import { equal, ok } from 'node:assert/strict';
import fc from 'fast-check';
import stringWidth from 'string-width';
import { excerpt } from '../../server/cli/render/excerpt';
import { plain } from '../../server/cli/terminal';

function shown(marked: string, columns = 80): string {
  const start = marked.indexOf('«');
  const end = marked.indexOf('»') - 1;
  const text = marked.replace('«', '').replace('»', '');
  return excerpt(text, { start, end }, { paint: plain, colour: 'red', columns }).join('\n');
}

describe('an excerpt', () => {
  it('shows the line and underlines the token', () => {
    equal(
      shown('-- one\nALTER TABLE «orders» ADD x int;\n'),
      ' 2 | ALTER TABLE orders ADD x int;\n   |             ^^^^^^',
    );
  });

  it('gives room to long line numbers', () => {
    equal(shown(`${'\n'.repeat(99)}a «b»`), ' 100 | a b\n     |   ^');
  });

  it('opens tabs to the next stop of four', () => {
    equal(shown('\t\tid\t«int4x»,'), ' 1 |         id  int4x,\n   |             ^^^^^');
  });

  it('counts wide characters twice, and emoji of many code points once', () => {
    equal(shown("select '日本', «x»"), " 1 | select '日本', x\n   |                ^");
    equal(shown("select '👩‍👩‍👧‍👦é', «x»"), " 1 | select '👩‍👩‍👧‍👦é', x\n   |               ^");
    equal(shown('drop table «"日本"»;'), ' 1 | drop table "日本";\n   |            ^^^^^^');
  });

  it('ends at CR LF, and at a lone CR', () => {
    equal(shown('a\r\nb «c»\r\nd'), ' 2 | b c\n   |   ^');
    equal(shown('a\rb «c»\rd'), ' 2 | b c\n   |   ^');
  });

  it('puts one mark where there is no token: at the end of a line, of a text, and in an empty one', () => {
    equal(shown('create table«»\n'), ' 1 | create table\n   |             ^');
    equal(shown('create table«»'), ' 1 | create table\n   |             ^');
    equal(shown('«»'), ' 1 |\n   | ^');
  });

  it('underlines the first line of what goes over several', () => {
    equal(shown('«create table a (\n  id int\n)»;'), ' 1 | create table a (\n   | ^^^^^^^^^^^^^^^^');
  });

  it('cuts a long line around the token', () => {
    equal(
      shown(`select ${'a, '.repeat(100)}«wrong», ${'b, '.repeat(100)}1`, 45),
      [' 1 | …a, a, a, wrong, b, b, b, b, b, b, b, …', '   |           ^^^^^'].join('\n'),
    );
  });

  it('is quick in a line of megabytes', () => {
    const text = `insert into t values ${"('日本'),".repeat(1_000_000)}`;
    const lines = excerpt(text, { start: 7_000_001, end: 7_000_005 }, { paint: plain, colour: 'red', columns: 80 });
    ok(
      lines.every((line) => stringWidth(line) <= 80),
      lines.join('\n'),
    );
  });

  it('shows nothing that a terminal would obey', () => {
    equal(shown("select '\x1b[2Jx', «y»"), " 1 | select '\ufffd[2Jx', y\n   |                 ^");
    equal(shown("select '\u202ex', «y»"), " 1 | select '\ufffdx', y\n   |              ^");
  });

  it('puts the underline below the token, whatever the line', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 60 }).map((it) => it.replaceAll(/[\r\n]/g, ''));
    fc.assert(
      fc.property(text, text, (before, after) => {
        const source = `${before}token${after}`;
        const range = { start: before.length, end: before.length + 5 };
        const [line = '', marks = ''] = excerpt(source, range, { paint: plain, colour: 'red', columns: 60 });
        ok(stringWidth(line) <= 60);
        equal(stringWidth(line.slice(0, line.lastIndexOf('token'))), marks.indexOf('^'));
        equal(marks.length - marks.indexOf('^'), 5);
      }),
    );
  });
});
