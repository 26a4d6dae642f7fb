/** Directives of every tool: what is told of those that it passes over, and what each fix makes of the text. */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import fc from 'fast-check';
import { layouts } from '../../server/engine/layouts/all';
import type { LayoutName } from '../../server/engine/layouts/layout';
import { directiveProblems, withDirectiveProblems } from '../../server/engine/layouts/directives/finder';
import { linesIn, occurrencesIn } from '../../server/engine/layouts/directives/reading';
import type { FileProblem, Fix } from '../../server/engine/layouts/layout';
import { layoutOf } from '../../server/engine/layouts/find';

const tools = layouts.map(({ name }) => name);
const problemsOf = (tool: LayoutName, text: string): readonly FileProblem[] =>
  directiveProblems(layoutOf(tool), { text, isMarked: false });

function mended(text: string, { edits }: Fix): string {
  return edits
    .toReversed()
    .reduce((it, { range, text }) => it.slice(0, range.start) + text + it.slice(range.end), text);
}

/** `code «words»`, and the text that the first fix makes. */
const told = (tool: LayoutName, text: string): readonly (readonly string[])[] =>
  problemsOf(tool, text).map(({ code, range, fixes = [] }) => [
    `${code} «${text.slice(range.start, range.end)}»`,
    ...fixes.slice(0, 1).map((it) => mended(text, it)),
  ]);

describe('the directives of a tool', () => {
  for (const tool of tools)
    it(`${tool}: each is recognised as it is written, and once`, () => {
      const { all: own, page } = layoutOf(tool).directives;
      match(page, /^https:\/\//);
      equal(new Set(own.map(({ name }) => name)).size, own.length);
      for (const { name, text, place, says } of own) {
        ok(says.endsWith('.') || says.includes('.\n'), `${name} is explained in sentences`);
        const owner = own.find((it) => place.kind === 'option' && place.of.includes(it.name));
        const line = owner ? `${owner.text} ${text}` : text;
        const found = occurrencesIn(linesIn(line), own).map(({ directive }) => directive.name);
        deepEqual(found, owner ? [owner.name, name] : [name]);
      }
    });
});

describe('a directive that its tool passes over', () => {
  const cases: readonly [LayoutName, string, readonly (readonly string[])[]][] = [
    [
      'dbmate',
      '-- migrate:up\na;\n-- migrate:dwon\nb;\n',
      [['directive-misspelt «-- migrate:dwon»', '-- migrate:up\na;\n-- migrate:down\nb;\n']],
    ],
    [
      'dbmate',
      '-- migrate:up\na;\n  -- MIGRATE:DOWN  \n',
      [['directive-misspelt «-- MIGRATE:DOWN»', '-- migrate:up\na;\n-- migrate:down\n']],
    ],
    [
      'dbmate',
      '-- migrate:up transaction = flase\n-- migrate:down',
      [['directive-misspelt «transaction = flase»', '-- migrate:up transaction:false\n-- migrate:down']],
    ],
    [
      'dbmate',
      '-- no-transaction\n-- migrate:up\n-- migrate:down',
      [['directive-misspelt «-- no-transaction»', '-- migrate:up transaction:false\n-- migrate:down']],
    ],
    [
      'dbmate',
      '-- migrate:up\n-- transaction:false\n-- migrate:down',
      [['directive-misspelt «-- transaction:false»', '-- migrate:up transaction:false\n-- migrate:down']],
    ],
    [
      'dbmate',
      '-- migrate:up transaction:false transaction:true\n',
      [['directive-contradictory «transaction:true»', '-- migrate:up transaction:false\n']],
    ],
    ['dbmate', '-- +goose Down\n', [['directive-foreign «-- +goose Down»', '-- migrate:down\n']]],
    [
      'goose',
      '-- goose up\nselect 1;\n-- +goose Statement Begin\n',
      [
        ['directive-misspelt «-- goose up»', '-- +goose Up\nselect 1;\n-- +goose Statement Begin\n'],
        ['directive-misspelt «-- +goose Statement Begin»', '-- goose up\nselect 1;\n-- +goose StatementBegin\n'],
      ],
    ],
    [
      'goose',
      '--+goose NO TRANSACTON\n',
      [['directive-misspelt «--+goose NO TRANSACTON»', '-- +goose NO TRANSACTION\n']],
    ],
    [
      'goose',
      '-- migrate:up transaction:false\n',
      [['directive-foreign «-- migrate:up transaction:false»', '-- +goose Up\n']],
    ],
    [
      'sqlx',
      '\r\n-- No-Transaction\r\na;\r\n',
      [['directive-misspelt «-- No-Transaction»', '-- no-transaction\r\n\r\na;\r\n']],
    ],
    ['sqlx', 'a;\n-- no-transaction\nb;', [['directive-misplaced «-- no-transaction»', '-- no-transaction\na;\nb;']]],
    ['sqlx', '--! no-transaction\na;', [['directive-misspelt «--! no-transaction»', '-- no-transaction\na;']]],
    [
      'numbered',
      '-- by me\n-- no_transaction\na;',
      [['directive-misspelt «-- no_transaction»', '-- rehearsal: no-transaction\n-- by me\na;']],
    ],
    [
      'numbered',
      'a;\n-- rehearsal: no-transaction',
      [['directive-misplaced «-- rehearsal: no-transaction»', '-- rehearsal: no-transaction\na;\n']],
    ],
    ['golang-migrate', '-- no-transaction\na;', [['directive-foreign «-- no-transaction»', 'a;']]],
    [
      'atlas',
      '-- atlas:txmode none\na;',
      [['directive-misplaced «-- atlas:txmode none»', '-- atlas:txmode none\n\na;']],
    ],
    [
      'atlas',
      'a;\n-- atlas:tx-mode none\nb;',
      [['directive-misspelt «-- atlas:tx-mode none»', '-- atlas:txmode none\n\na;\nb;']],
    ],
    [
      'atlas',
      '-- x\n\na;\n-- atlas:checkpoint\n',
      [['directive-misplaced «-- atlas:checkpoint»', '-- atlas:checkpoint\n-- x\n\na;\n']],
    ],
    [
      'atlas',
      '-- atlas:txmode none\n-- atlas:txmode file\n\na;',
      [['directive-contradictory «-- atlas:txmode file»', '-- atlas:txmode none\n\na;']],
    ],
    [
      'graphile-migrate',
      '--! Previos: -\n--! Hash: sha1:1\n\na;',
      [['directive-misspelt «--! Previos: -»', '--! Previous: -\n--! Hash: sha1:1\n\na;']],
    ],
    [
      'graphile-migrate',
      '--! Message: x\n\na;\n-- no-transaction\n',
      [['directive-misspelt «-- no-transaction»', '--! Message: x\n\n--! no-transaction\na;\n']],
    ],
    [
      'drizzle',
      'a;--> statement-brakpoint\nb;',
      [['directive-misspelt «--> statement-brakpoint»', 'a;--> statement-breakpoint\nb;']],
    ],
    ['node-pg-migrate', '-- Migration Up\na;', [['directive-misspelt «-- Migration Up»', '-- Up Migration\na;']]],
    [
      'liquibase',
      '--liquibase formated sql\n',
      [['directive-misspelt «--liquibase formated sql»', '--liquibase formatted sql\n']],
    ],
    [
      'liquibase',
      '--liquibase formatted sql\n--changeset label:1 splitStatement:false\na;',
      [
        [
          'directive-misspelt «splitStatement:false»',
          '--liquibase formatted sql\n--changeset label:1 splitStatements:false\na;',
        ],
      ],
    ],
    ['flyway', '--! no-transaction\na;', [['directive-foreign «--! no-transaction»', 'a;']]],
    [
      'flyway',
      'a ${FLYWAY:USER} ${own} ${flyway:defualtSchema};',
      [['directive-misspelt «${flyway:defualtSchema}»', 'a ${FLYWAY:USER} ${own} ${flyway:defaultSchema};']],
    ],
  ];
  for (const [tool, text, expected] of cases)
    it(`${tool}: ${JSON.stringify(text)}`, () => deepEqual(told(tool, text), expected));

  it('is told to be behind a byte order mark, where nothing may be', () => {
    const [problem, ...rest] = directiveProblems(layoutOf('sqlx'), {
      text: '-- no-transaction\na;',
      isMarked: true,
    });
    equal(problem?.code, 'directive-misplaced');
    match(problem?.message ?? '', /byte order mark/);
    deepEqual([rest, problem?.fixes], [[], undefined]);
  });

  it('is told why, where its words are right', () => {
    const messages = (tool: LayoutName, text: string) => problemsOf(tool, text).map(({ message }) => message);
    const is = (tool: string): string => `For ${tool} this line is a comment:`;
    deepEqual(messages('graphile-migrate', 'a;\n --!include b.sql\n'), [
      `${is('graphile-migrate')} nothing may stand before a directive on its line.`,
    ]);
    deepEqual(messages('sqlx', 'a;\n-- No-Transaction\n'), [
      `${is('sqlx')} "-- no-transaction" would have to be the very beginning of the file.`,
    ]);
    deepEqual(messages('dbmate', '-- migrate:up\n-- no-transaction\n-- migrate:down\n'), [
      `${is('dbmate')} "transaction:false" must stand behind the directive that it is for.`,
    ]);
  });

  it('is nothing within a body, a string, another comment or words of somebody', () => {
    const texts = [
      'do $$\n-- migrate:dwon\n$$;',
      "select '\n-- migrate:dwon\n';",
      '/*\n-- migrate:dwon\n*/',
      '-- we migrate down here\n',
    ];
    for (const text of texts) deepEqual(told('dbmate', `-- migrate:up\n${text}\n-- migrate:down\n`), []);
  });

  it('has its fix at what the layout says of the same place', () => {
    const text = '-- +goose Up\na;\n-- +goose Dwon\nb;\n';
    const goose = layoutOf('goose');
    const { problems } = goose.read('1_x.sql', text);
    const both = withDirectiveProblems(goose, { text, isMarked: false }, problems);
    deepEqual(
      both.map(({ code, fixes }) => [code, fixes?.[0]?.title]),
      [['goose-unknown-annotation', 'Write "-- +goose Down"']],
    );
  });
});

/** Of the words that people write above statements; none of a directive's own. */
const word = fc.constantFrom(
  'add',
  'the',
  'index',
  'transaction',
  'migration',
  'migrate',
  'users',
  'statement',
  'begin',
  'rolls',
  'back',
  'commits',
  'a',
  'note:',
  'begin;',
  '(see',
  'above)',
  'included',
  'hashes',
  'previously',
  'changes',
  'comments',
  'sum',
  'atlas',
  'goose',
);

describe('the finder', () => {
  it('says nothing of comments that are far from any directive', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...tools),
        fc.array(
          fc.record({
            opening: fc.constantFrom('-- ', '--', '  -- ', '--- '),
            words: fc.array(word, { minLength: 3, maxLength: 6 }),
          }),
        ),
        (tool, comments) => {
          const text = comments.map(({ opening, words }) => `${opening}${words.join(' ')}\nselect 1;\n`).join('');
          deepEqual(told(tool, text), []);
        },
      ),
    );
  });

  const piece = fc.constantFrom(
    ...layouts.flatMap(({ directives }) => directives.all.map(({ text }) => text)),
    ...[
      '-- migrate:dwon',
      '-- no_transaction',
      '--! No-Transaction',
      '--+goose NO TRANSACTON',
      '-- goose down',
      '-- atlas:txmod none',
    ],
    ...[
      '-- migrate:up transaction: false',
      '-- statement-breakpoint',
      '--liquibase sql',
      '--chageset a:b',
      '--! Hahs: sha1:1',
      '',
    ],
    ...['select 1;', '  -- a note', 'do $$', '$$;'],
  );

  it('has nothing to say any more of what a fix has mended', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...tools),
        fc.array(piece, { maxLength: 8 }),
        fc.constantFrom('\n', '\r\n'),
        (tool, pieces, feed) => {
          const text = pieces.join(feed);
          const before = problemsOf(tool, text);
          for (const { code, range, fixes = [] } of before) {
            ok(range.start < range.end && range.end <= text.length);
            const words = text.slice(range.start, range.end);
            for (const fix of fixes) {
              const after = mended(text, fix);
              const same = (all: readonly FileProblem[], within: string): number =>
                all.filter((it) => it.code === code && within.slice(it.range.start, it.range.end) === words).length;
              ok(same(problemsOf(tool, after), after) < same(before, text), `${fix.title} of ${JSON.stringify(text)}`);
            }
          }
        },
      ),
    );
  });

  it('takes any text', () => {
    fc.assert(fc.property(fc.constantFrom(...tools), fc.string(), (tool, text) => void problemsOf(tool, text)));
  });
});

describe('what dbmate and goose refuse', () => {
  const cases: readonly ['dbmate' | 'goose', string, string, string][] = [
    ['dbmate', 'dbmate-missing-up', 'a;\n', '-- migrate:up\na;\n\n-- migrate:down\n'],
    ['dbmate', 'dbmate-missing-down', '-- migrate:up\na;\n', '-- migrate:up\na;\n\n-- migrate:down\n'],
    [
      'dbmate',
      'dbmate-second-down',
      '-- migrate:up\n-- migrate:down\n-- migrate:down\nb;',
      '-- migrate:up\n-- migrate:down\nb;',
    ],
    [
      'dbmate',
      'dbmate-unknown-option',
      '-- migrate:up transaction:false lock:1\n-- migrate:down',
      '-- migrate:up transaction:false\n-- migrate:down',
    ],
    ['goose', 'goose-missing-up', 'a;\n', '-- +goose Up\na;\n'],
    ['goose', 'goose-unknown-annotation', '-- +goose Up\n  -- +goose Down\n', '-- +goose Up\n-- +goose Down\n'],
    [
      'goose',
      'goose-statement-frame',
      '-- +goose Up\n-- +goose StatementBegin\na;\n\n-- +goose Down\nb;\n',
      '-- +goose Up\n-- +goose StatementBegin\na;\n-- +goose StatementEnd\n\n-- +goose Down\nb;\n',
    ],
    [
      'goose',
      'goose-statement-frame',
      '-- +goose Up\n-- +goose StatementBegin\na;',
      '-- +goose Up\n-- +goose StatementBegin\na;\n-- +goose StatementEnd',
    ],
    ['goose', 'goose-missing-semicolon', '-- +goose Up\nselect 1\n', '-- +goose Up\nselect 1;\n'],
    [
      'goose',
      'goose-torn-statement',
      '-- +goose Up\ndo $$ begin\nperform 1;\nend $$;\n',
      '-- +goose Up\n-- +goose StatementBegin\ndo $$ begin\nperform 1;\nend $$;\n-- +goose StatementEnd\n',
    ],
  ];
  for (const [name, code, text, expected] of cases)
    it(`${code} is mended: ${JSON.stringify(text)}`, () => {
      const layout = layouts.find((it) => it.name === name);
      const problem = layout?.read('1_x.sql', text).problems.find((it) => it.code === code);
      const [fix] = problem?.fixes ?? [];
      ok(layout && fix, 'there is a fix');
      equal(mended(text, fix), expected);
      deepEqual(
        layout.read('1_x.sql', expected).problems.map((it) => it.code),
        [],
      );
    });
});
