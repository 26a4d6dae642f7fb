/** The language of the test cases reads back what it writes. */
import { deepEqual, equal } from 'node:assert/strict';
import { filesOf } from './support/files';
import { parseFixture, renderFixture } from './support/fixture';

const source = `--- before
create table users (id int);
--- migration
alter table users add colum x;
--                    ^^^^^ 42601 syntax error at or near "colum"
select 1;
^^^^^^ hello
`;

describe('the fixture language', () => {
  it('marks stand under the text they are about, and are no part of it', () => {
    const [before, migration] = parseFixture(source).files;
    equal(before!.text, 'create table users (id int);\n');
    equal(migration!.text, 'alter table users add colum x;\nselect 1;\n');
    deepEqual(
      migration!.marks.map(({ range, says }) => [migration!.text.slice(range.start, range.end), says]),
      [
        ['colum', '42601 syntax error at or near "colum"'],
        ['select', 'hello'],
      ],
    );
  });

  it('is rendered as it was read', () => equal(renderFixture(parseFixture(source).files), source));

  it('a comment is no mark', () => {
    const [file] = parseFixture('select 1; -- not ^^^ a mark\n-- neither\n').files;
    deepEqual(file!.marks, []);
  });

  it('a cursor is taken out', () => {
    const [file] = parseFixture('select us$0ers\n').files;
    deepEqual([file!.text, file!.cursor], ['select users\n', 9]);
  });
});

describe('files in memory', () => {
  it('are listed as a folder lists them', () => {
    const files = filesOf({ '/w/b.sql': '', '/w/a/x.sql': '\uFEFFselect', '/w/a/y.sql': '', '/other': '' });
    deepEqual(files.list('/w'), ['a/', 'b.sql']);
    deepEqual(files.list('/nowhere'), []);
    equal(files.read('/w/a/x.sql'), 'select');
    equal(files.read('/w/none.sql'), undefined);
  });
});
