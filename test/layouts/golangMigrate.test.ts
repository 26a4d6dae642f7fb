/** What the URL of the database tells golang-migrate about its files: where they are cut, and for how long a piece may run. */
import { deepEqual, equal } from 'node:assert/strict';
import fc from 'fast-check';
import { golangMigrate } from '../../server/engine/layouts/golangMigrate';
import type { MigrationFile } from '../../server/engine/layouts/layout';
import { statementsIn } from '../../server/engine/layouts/statements';
import { toolSettings } from '../support/toolSettings';

const readAs = (extra: Readonly<Record<string, string>>, text: string): MigrationFile =>
  (golangMigrate.configured?.(toolSettings({ extra })) ?? golangMigrate).read('1_x.up.sql', text);

/** What is sent to Postgres, one message each; the file's own text when there are no pieces. */
const sent = (extra: Readonly<Record<string, string>>, text: string): readonly string[] =>
  readAs(extra, text).scripts.flatMap((script) => statementsIn(text, script).map((it) => it.text));

const multi = { 'x-multi-statement': 'true' };

describe('golang-migrate as its URL has it', () => {
  it('runs a file as one message, unless it is told to cut it', () => {
    for (const [value, mode] of [
      ['true', 'statements'],
      ['1', 'statements'],
      ['T', 'statements'],
      ['false', 'implicit'],
      ['yes', 'implicit'],
      ['', 'implicit'],
    ])
      equal(readAs({ 'x-multi-statement': value! }, 'select 1').scripts[0]?.mode, mode, value);
    equal(readAs({}, 'select 1').scripts[0]?.mode, 'implicit');
    equal(golangMigrate.configured?.(toolSettings({ extra: multi })).name, 'golang-migrate');
    equal(
      golangMigrate.configured?.(toolSettings({ extra: multi })).read('1_x.down.sql', '').scripts[0]?.direction,
      'down',
    );
  });

  const cases: readonly [string, string, readonly string[]][] = [
    ['behind every semicolon', 'select 1; select 2;\n select 3', ['select 1', 'select 2', 'select 3']],
    ['and leaves out what holds nothing', ' ;\n;-- one;\n/* two; */', ['/* two;', '*/']],
    ['in a body', 'do $$ begin null; end $$;', ['do $$ begin null;', 'end $$;']],
    ['in a string', "select 'a;b';", ["select 'a;", "b';"]],
    ['in a comment, whose rest is SQL', '-- drop it; it is slow\ndrop index i;', ['it is slow\ndrop index i']],
    ['in a comment within a statement', 'select 1 /* a;b */;', ['select 1 /* a;', 'b */']],
    ['and knows no line for psql', '\\i x\nselect 1;', ['\\i x\nselect 1']],
    ['and knows no rows of COPY', 'copy t from stdin;\n1\n\\.\n', ['copy t from stdin', '1\n\\.']],
  ];
  for (const [how, text, pieces] of cases) it(`cuts ${how}`, () => deepEqual(sent(multi, text), pieces));

  it('cuts any text into pieces that are the text, with statements inside of them', () => {
    const text = fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^[-\s/*;'$a😀]{0,40}$/u));
    fc.assert(
      fc.property(text, (text) => {
        for (const script of readAs(multi, text).scripts) {
          equal((script.pieces ?? []).map(({ start, end }) => text.slice(start, end)).join(''), text);
          for (const { text: sql, range } of statementsIn(text, script)) {
            equal(sql, text.slice(range.start, range.end));
            equal(sql === '' || sql.slice(0, -1).includes(';'), false);
          }
        }
      }),
    );
  });

  it('has room for a piece of so many bytes, and refuses a longer one', () => {
    const problems = (size: string, text: string) =>
      readAs({ ...multi, 'x-multi-statement-max-size': size }, text).problems.map(
        ({ code, range, severity }) => `${severity} ${code} ${text.slice(range.start, range.end)}`,
      );
    const error = 'error golang-migrate-too-long';
    // 4,998 bytes, two for each letter, and the semicolon.
    const statement = `${'ä'.repeat(2_499)};`;
    deepEqual(problems('4999', statement), []);
    deepEqual(problems('4998', statement), [`${error} ${statement}`]);
    // The end of the file has to fit in, too.
    deepEqual(problems('4998', statement.slice(0, -1)), [`${error} ${statement.slice(0, -1)}`]);
    deepEqual(problems('4998', `select 1;\n-- note\nselect 2,\n${statement}`), [`${error} select 2,`]);
    // The tool's first buffer is larger than that.
    deepEqual(problems('1', 'select 1;'), []);
    for (const usual of ['0', '-1', 'x', '']) deepEqual(problems(usual, statement), []);
    deepEqual(readAs({ 'x-multi-statement-max-size': '1' }, statement).problems, []);
  });

  it('gives a message so many milliseconds', () => {
    const time = (value: string) => readAs({ 'x-statement-timeout': value }, 'select 1').scripts[0]?.messageMs;
    deepEqual(['1500', '0', '-1', 'soon', ''].map(time), [1_500, undefined, undefined, undefined, undefined]);
    equal(readAs({ ...multi, 'x-statement-timeout': '20' }, 'select 1').scripts[0]?.messageMs, 20);
  });
});
