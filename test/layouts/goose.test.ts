/** goose's files: what is sent of them, and what is refused at which place; where it is there, goose itself is the judge. */
import { deepEqual, equal } from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { goose } from '../../server/engine/layouts/goose';
import type { MigrationFile } from '../../server/engine/layouts/layout';
import { messagesIn, statementsIn } from '../../server/engine/layouts/statements';
import { inFile, sentOf } from '../../server/engine/sql/places';
import { withClient } from '../support/client';
import { withFolder } from '../support/files';
import { hasGoose, runGoose } from '../support/goose';
import { servers, withDatabase } from '../support/servers';
import { toolSettings } from '../support/toolSettings';

const [up, down] = ['-- +goose Up', '-- +goose Down'];
const [begin, end] = ['-- +goose StatementBegin', '-- +goose StatementEnd'];

const variables = { NAME: 'shop', EMPTY: '', LONG: 'abcdef', TWO: 'a; select 2', QUOTE: "it''s" };

const readAs = (text: string): MigrationFile =>
  (goose.configured?.(toolSettings({ environment: variables })) ?? goose).read('1_x.sql', text);

/** `up: a | b, c`: the messages of each direction with their statements. */
const sent = (text: string): readonly string[] =>
  readAs(text).scripts.map((script) => {
    const messages = messagesIn(text, script) ?? [];
    const mode = script.mode === 'transaction' ? '' : ` ${script.mode}`;
    return `${script.direction}${mode}: ${messages.map((it) => it.map((one) => one.text).join(', ')).join(' | ')}`;
  });

const problems = (text: string): readonly string[] =>
  readAs(text).problems.map(
    ({ code, severity, direction, range }) =>
      `${[severity === 'error' ? '' : severity, direction, code].filter(Boolean).join(' ')} «${text.slice(range.start, range.end)}»`,
  );

describe("goose's messages", () => {
  const cases: readonly [string, string, readonly string[]][] = [
    ['a statement for each line that ends with a semicolon', `${up}\na;\nb\nc;\n`, ['up: a | b\nc']],
    ['several of a line together', `${up}\na; b;\nc;`, ['up: a, b | c']],
    ['both directions', `${up}\na;\n${down}\nb;\n`, ['up: a', 'down: b']],
    ['a comment behind the semicolon', `${up}\na; -- x\nb;\n`, ['up: a | b']],
    ['a comment without a blank before it ends none', `${up}\na;--x\nb;\n`, ['up: a, b']],
    ['nor does one that ends with a semicolon', `${up}\na -- x;\n+ b;\n`, ['up: a -- x;\n+ b']],
    ['a framed statement', `${up}\n${begin}\ndo $$\na;\n$$;\n${end}\nb;`, ['up: do $$\na;\n$$ | b']],
    ['several framed together', `${up}\n${begin}\na;\nb;\n${end}\n`, ['up: a, b']],
    ['framed without a semicolon', `${up}\n${begin}\na\n${end}\n`, ['up: a']],
    ['an empty frame', `${up}\n${begin}\n${end}\n${down}\n${begin}\n-- x\n${end}\n`, ['up: ', 'down: ']],
    [
      'without a transaction, wherever that is said',
      `${up}\na;\n${down}\nb;\n-- +goose NO TRANSACTION\n`,
      ['up statements: a', 'down statements: b'],
    ],
    ['any case, and no blanks', `--+goose up\na;\n-- +goosedown  \nb;`, ['up: a', 'down: b']],
    ['CRLF becomes LF', `${up}\r\na\r\nb;\r\n${down}\r\nc;\r\n`, ['up: a\nb', 'down: c']],
    [
      'annotations within a statement are left out',
      `${up}\na\n-- +goose NO TRANSACTION\nb;\n`,
      ['up statements: a\nb'],
    ],
    [
      'lines for psql and rows are none here',
      `${up}\n\\i x;\ncopy t from stdin;\n1;\n`,
      ['up: \\i x | copy t from stdin | 1'],
    ],
    ['the line behind an empty frame is lost', `${up}\n${begin}\n${end}\na;\nb;\n`, ['up: b']],
    ['Unicode has more blanks', `${up}\n\u00a0\n\u2003a;\u00a0\nb;\n`, ['up: a | b']],
    ['long runs of blanks', `${up}\na${' '.repeat(300_000)};\nb;${' '.repeat(300_000)}x\n;\n`, ['up: a | b, x']],
    ['nothing', `${up}\n`, ['up: ']],
  ];
  for (const [name, text, expected] of cases) it(name, () => deepEqual(sent(text), expected));

  it('of any text lie in it, in order, as it is sent', () => {
    fc.assert(
      fc.property(fc.oneof(file, fc.string({ unit: 'binary' })), (text) => {
        const { scripts, problems } = readAs(text);
        for (const script of scripts) {
          let at = script.range.start;
          for (const piece of script.pieces ?? []) {
            equal(at <= piece.start && piece.start <= piece.end && piece.end <= script.range.end, true);
            at = piece.end;
          }
          for (const statement of statementsIn(text, script)) {
            const { range, replaced } = statement;
            if (replaced?.every((it) => range.start <= it.range.start && it.range.end <= range.end) ?? true)
              equal(sentOf(text, range, replaced).includes(statement.text), true);
            deepEqual(inFile({ start: 0, end: statement.text.length }, statement), range);
          }
        }
        for (const { range } of problems) equal(range.start <= range.end && range.end <= text.length, true);
      }),
    );
  });
});

describe('what goose refuses in a file', () => {
  const cases: readonly [string, string, readonly string[]][] = [
    ['an empty file', '', ['goose-missing-up «»']],
    ['no annotations', 'a;\nb;\n', ['goose-missing-up «a;»']],
    ['a statement before', `-- x\n  a;\nb;\n${up}\n`, ['goose-before-up «a;»']],
    ['a byte order mark', `\ufeff${up}\n${up}\n`, [`goose-before-up «\ufeff${up}»`]],
    ['only down', `${down}\na;\n`, [`goose-missing-up «${down}»`]],
    ['two ups', `${up}\na;\n${up}\n`, [`goose-second-section «${up}»`]],
    ['two downs', `${up}\n${down}\n${down}\n`, [`goose-second-section «${down}»`]],
    ['an annotation behind blanks', `${up}\n  ${down}\n`, [`goose-unknown-annotation «${down}»`]],
    ['an annotation that it does not know', `${up} -- first\n${up}\n`, [`goose-unknown-annotation «${up} -- first»`]],
    ['a comment about it', `${up}\n-- see +goose\na;\n`, ['goose-unknown-annotation «-- see +goose»']],
    ['two on a line', `${up}\n-- +goose Down +goose Down\n`, ['goose-unknown-annotation «-- +goose Down +goose Down»']],
    ['an empty one', `${up}\n-- +goose\n`, ['goose-unknown-annotation «-- +goose»']],
    ['a frame in a frame', `${up}\n${begin}\n${begin}\na;\n${end}\n`, [`goose-statement-frame «${begin}»`]],
    ['a frame that does not end', `${up}\n${begin}\na;\n${down}\n`, [`goose-statement-frame «${begin}»`]],
    ['a frame that nothing begins', `${up}\n${end}\n`, [`goose-statement-frame «${end}»`]],
    ['no semicolon', `${up}\na;\nb\nc\n`, ['up goose-missing-semicolon «c»']],
    ['no semicolon in down', `${up}\na;\n${down}\nb\n`, ['down goose-missing-semicolon «b»']],
    ['a comment behind blanks', `${up}\na;\n \n-- x\n${down}\n`, ['up goose-missing-semicolon «-- x»']],
    ['a body that is torn', `${up}\ndo $$\n  a;\n  b;\n$$;\nc;\n`, ['up goose-torn-statement «  a;»']],
    ['a string that is torn', `${up}\na 'b;\nc';\n`, ["up goose-torn-statement «a 'b;»"]],
    ['a comment that is torn', `${up}\na /* b;\nc */;\n`, ['up goose-torn-statement «a /* b;»']],
    [
      'a body of SQL that is torn',
      `${up}\ncreate function f() returns int begin atomic\nselect 1;\nend;\n`,
      ['up goose-torn-statement «select 1;»'],
    ],
    ['a quote that nothing closes is none of its business', `${up}\na 'b;\nc;\n`, []],
    ['a lost line', `${up}\n${begin}\n${end}\na;\n`, ['warning up goose-lost-line «a;»']],
    ['nothing', `\n-- x\n${up}\n-- y\n\na;\n${down}\n\n`, []],
  ];
  for (const [name, text, expected] of cases) it(name, () => deepEqual(problems(text), expected));

  it('and what it tears apart is whole again', () => {
    deepEqual(sent(`${up}\ndo $$\n  a;\n\n  -- x\n  b;\n$$; c;\nd;\n`), ['up: do $$\n  a;\n  b;\n$$, c | d']);
  });
});

describe('variables between ENVSUB ON and OFF', () => {
  const on = `${up}\n-- +goose ENVSUB ON\n`;
  const cases: readonly [string, string, string][] = [
    ['by name', 'a $NAME ${NAME}_x;', 'a shop shop_x'],
    ['with what stands in for one that is empty', 'a ${EMPTY:-b} ${EMPTY-c} ${NAME:-d};', 'a b  shop'],
    ['with what stands in for one that is not set', 'a ${NONE:-b} ${NONE-c} ${NONE-$NAME};', 'a b c shop'],
    ['a part', 'a ${LONG:1:2} ${LONG: -2} ${LONG:1:-1} ${LONG:9} ${LONG:4:9};', 'a bc ef bcde  ef'],
    ['dollars', 'a $$1 \\$c $(d) \\\\;', 'a $1 $c $(d) \\\\'],
    ['only up to OFF', 'a $NAME\n-- +goose ENVSUB OFF\n$NAME;', 'a shop\n$NAME'],
    ['that make a semicolon', 'a ${TWO}', ''],
  ];
  for (const [name, sql, expected] of cases)
    it(name, () => deepEqual(sent(`${on}${sql}\n`)[0], expected === '' ? 'up: a a, select 2' : `up: ${expected}`));

  it('that have no value, or are none', () => {
    deepEqual(problems(on.concat('a $NONE ${NONE:1};\n')), [
      'warning up goose-unset-variable «$NONE»',
      'warning up goose-unset-variable «${NONE:1}»',
    ]);
    deepEqual(problems(`${on}a $1;\n${down}\n`), ['goose-substitution «$»']);
    deepEqual(problems(on.concat(`a;\n${down}\n`, 'b ${NONE?must be set};\n')), [
      'goose-substitution «${NONE?must be set}»',
    ]);
    deepEqual(problems(on.concat('a $NAME ${NAME;\n')), ['goose-substitution «${NAME»']);
    deepEqual(problems(`${up}\ndo $$ a $1 $$;\n`), []);
  });

  it('stand for what was put there, both ways', () => {
    const text = on.concat('a $NAME, ${LONG:0:2} b;\n');
    const [statement] = readAs(text).scripts.flatMap((script) => statementsIn(text, script));
    if (!statement) throw new Error('it has a statement');
    const written = (word: string): string => {
      const start = statement.text.indexOf(word);
      const place = inFile({ start, end: start + word.length }, statement);
      return text.slice(place.start, place.end);
    };
    equal(statement.text, 'a shop, ab b');
    deepEqual(['a', 'shop', 'op', 'p,', 'ab', 'b', ', ab'].map(written), [
      'a',
      '$NAME',
      '$NAME',
      '$NAME,',
      '${LONG:0:2}',
      '${LONG:0:2}',
      ', ${LONG:0:2}',
    ]);
  });
});

const line = fc.constantFrom(
  up,
  '-- +goose up ',
  down,
  begin,
  end,
  begin,
  end,
  '-- +goose NO TRANSACTION',
  '-- +goose ENVSUB ON',
  '-- +goose ENVSUB OFF',
  ` ${up}`,
  '-- +goose',
  '-- a comment;',
  '',
  ' ',
  'insert into seen values (#);',
  'insert into seen values (#); -- x',
  'insert into seen values (#);insert into seen values (1#);',
  'insert into seen',
  'values (#)',
  'values (length($$$NAME$$));',
  "values (length('${LONG:1:2}'));",
  'values (length($$a',
  'b$$));',
);
const file = fc
  .tuple(fc.constantFrom('\n', '\r\n'), fc.array(line, { maxLength: 6 }), fc.array(line, { maxLength: 6 }))
  .map(([feed, one, two]) =>
    [up, ...one, down, ...two].map((it, index) => it.replaceAll('#', String(index))).join(feed),
  );

(hasGoose() ? describe : describe.skip)("agreement with goose's own reader", () => {
  it('it refuses the same files, and runs the same statements of the others', () =>
    withDatabase(servers.newest, (url) =>
      withFolder(async (folder) => {
        mkdirSync(join(folder, 'migrations'));
        await withClient(url, async (query) => {
          await query('create table seen (n int)');
          const seenBy = async (work: () => Promise<boolean>): Promise<unknown> => {
            const good = await work();
            const rows = await query('delete from seen returning n');
            return good ? rows.map(({ n }) => Number(n)) : 'refused';
          };
          const ours = async (text: string, direction: 'up' | 'down'): Promise<boolean> => {
            const { scripts, problems } = readAs(text);
            if (problems.some((it) => it.severity === 'error' && (it.direction ?? direction) === direction))
              return false;
            const [script] = scripts.filter((it) => it.direction === direction);
            try {
              for (const piece of script?.pieces ?? []) await query(sentOf(text, piece, piece.replaced));
              return true;
            } catch {
              return false;
            }
          };
          await fc.assert(
            fc.asyncProperty(file, async (text) => {
              writeFileSync(join(folder, 'migrations', '1_x.sql'), text);
              await query('drop table if exists goose_db_version');
              const real = (command: string) => async () =>
                (await runGoose(folder, url, command, variables)).code === 0;
              const applied = await seenBy(real('up'));
              const expected = await seenBy(() => ours(text, 'up'));
              deepEqual(applied, expected);
              if (applied !== 'refused') deepEqual(await seenBy(real('down')), await seenBy(() => ours(text, 'down')));
            }),
            { numRuns: 60 },
          );
        });
      }),
    ));
});
