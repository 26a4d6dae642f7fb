/** dbmate's markers: what is read, and what is refused at which place; the judge is dbmate itself. */
import { deepEqual } from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { readBlocks } from '../../server/engine/layouts/dbmateMarkers';
import { runDbmate } from '../support/dbmate';
import { withFolder } from '../support/files';
import { withDatabase } from '../support/servers';
import { withClient } from '../support/client';

const up = '-- migrate:up';
const down = '-- migrate:down';

describe("dbmate's blocks", () => {
  const cases: readonly [string, string, readonly string[]][] = [
    ['one pair', `${up}\na;\n${down}\nb;\n`, ['up a;', 'down b;']],
    ['no blank after the dashes', '--migrate:up\na;\n--migrate:down\n', ['up a;', 'down']],
    ['several blanks', '--   migrate:up\na;\n--\tmigrate:down\n', ['up a;', 'down']],
    ['CRLF', `${up}\r\na;\r\n${down}\r\nb;\r\n`, ['up a;', 'down b;']],
    ['comments and blank lines first', `-- by me\n\n  -- too\n${up}\na;\n${down}`, ['up a;', 'down']],
    ['without a transaction', `${up} transaction:false\na;\n${down}\nb;`, ['up without transaction a;', 'down b;']],
    ['each by itself', `${up}\na;\n${down} transaction:false\nb;`, ['up a;', 'down without transaction b;']],
    ['an option among others', `${up} x:y transaction:false\n${down}`, ['up without transaction', 'down']],
    ['transaction:true', `${up} transaction:true\n${down}`, ['up', 'down']],
    [
      'a longer word is no marker',
      `-- migrate:update\n${up}\n-- migrate:downs\n${down}`,
      ['up -- migrate:downs', 'down'],
    ],
    ['an indented marker is a comment', `${up}\n  ${down}\n${down}`, [`up ${down}`, 'down']],
    ['capitals are a comment', `${up}\n-- MIGRATE:DOWN\n${down}`, ['up -- MIGRATE:DOWN', 'down']],
    ['inside a body it still ends the block', `${up}\ndo $$\n${down}\n$$;`, ['up do $$', 'down $$;']],
  ];
  for (const [name, text, expected] of cases) {
    it(name, () => {
      const { blocks } = readBlocks(text);
      const seen = blocks.map(({ direction, transaction, range }) => {
        const [, ...rest] = text.slice(range.start, range.end).split('\n');
        return [direction, ...(transaction ? [] : ['without transaction']), rest.join('\n').trim()].join(' ').trim();
      });
      deepEqual(seen, expected);
    });
  }
});

describe('what dbmate refuses in a file', () => {
  const cases: readonly [string, string, readonly string[]][] = [
    ['an empty file', '', ['dbmate-missing-up «»']],
    ['no markers', 'create table a ();\n', ['dbmate-missing-up «create table a ();»']],
    ['only down', `-- x\n${down}\n`, [`dbmate-missing-up «${down}»`]],
    ['no down', `${up}\na;\n`, [`dbmate-missing-down «${up}»`]],
    ['down before up', `${down}\n${up}\na;`, [`dbmate-missing-down «${up}»`]],
    ['a statement before', `\n  set x = 1;\n${up}\n${down}`, ['dbmate-unexpected-statement «set x = 1;»']],
    ['a block comment before', `/* x */\r\n${up}\r\n${down}`, ['dbmate-unexpected-statement «/* x */»']],
    ['two downs', `${up}\n${down}\n${down} x:y\n`, [`dbmate-second-down «${down} x:y»`, 'dbmate-unknown-option «x:y»']],
    ['two pairs', `${up}\n${down}\n${up} \n${down}\n`, [`dbmate-second-up «${up}»`]],
    ['two ups', `${up}\n${up}\n${down}\n`, [`dbmate-missing-down «${up}»`, `dbmate-second-up «${up}»`]],
    ['a blank in the option', `${up} transaction: false\n${down}`, ['dbmate-unknown-option «transaction: false»']],
    ['an unknown option', `${up} transaction:false lock:1 \n${down}`, ['dbmate-unknown-option «lock:1»']],
    ['nothing', `${up}\n${down}`, []],
  ];
  for (const [name, text, expected] of cases) {
    it(name, () => {
      const { problems } = readBlocks(text);
      deepEqual(
        problems.map(({ code, range }) => `${code} «${text.slice(range.start, range.end)}»`),
        expected,
      );
    });
  }
});

const line = fc.constantFrom(
  up,
  '--migrate:up',
  `${up} transaction:false`,
  `${up}x`,
  ` ${up}`,
  down,
  '--  migrate:down ',
  `${down} transaction:false`,
  '--',
  'migrate:down',
  '-- a comment',
  '',
  ' \t',
  '/* a comment */',
  'insert into seen values (#);',
);
const file = fc
  .tuple(
    fc.constantFrom('\n', '\r\n'),
    fc.array(line, { maxLength: 4 }),
    fc.array(line, { maxLength: 4 }),
    fc.array(line, { maxLength: 4 }),
    fc.constantFrom([], [down]),
  )
  .map(([end, one, two, three, last]) =>
    // `migrate:down` alone is only something when it completes a marker begun on the line before.
    [...one, up, ...two, ...last, ...three]
      .filter((it, index, all) => it !== 'migrate:down' || all[index - 1] === '--')
      .map((it, index) => it.replace('#', String(index)))
      .join(end),
  );

describe("agreement with dbmate's own reader", () => {
  it('of any text the blocks are in order, and none lies outside it', () => {
    fc.assert(
      fc.property(fc.oneof(file, fc.string({ unit: 'binary' })), (text) => {
        const { blocks, problems } = readBlocks(text);
        for (const [index, { range }] of blocks.entries()) {
          deepEqual(range.end, blocks[index + 1]?.range.start ?? text.length);
        }
        for (const { range } of problems) deepEqual(range.start <= range.end && range.end <= text.length, true);
      }),
    );
  });

  it('it refuses the same files, and runs the same blocks of the others', () =>
    withDatabase(18, (url) =>
      withFolder(async (folder) => {
        mkdirSync(join(folder, 'migrations'));
        await withClient(url, async (query) => {
          await query('create table seen (n int)');
          const seenAfter = async (command: string): Promise<unknown> => {
            const { code } = await runDbmate(folder, url, command);
            const rows = await query('delete from seen returning n');
            return code === 0 ? rows.map(({ n }) => Number(n)).toSorted((one, other) => one - other) : 'refused';
          };
          await fc.assert(
            fc.asyncProperty(file, async (text) => {
              await query('drop table if exists schema_migrations');
              writeFileSync(join(folder, 'migrations', '1_x.sql'), text);
              const { blocks, problems } = readBlocks(text);
              // A second block is a warning, because dbmates before 2.29 took no notice of it.
              const refused = problems.some(
                ({ severity, code }) => severity === 'error' || code === 'dbmate-second-up',
              );
              const inserts = (wanted: string): number[] =>
                blocks
                  .filter(({ direction }) => direction === wanted)
                  .flatMap(({ range }) => [...text.slice(range.start, range.end).matchAll(/\((\d+)\)/g)])
                  .map(([, n]) => Number(n));
              deepEqual(await seenAfter('migrate'), refused ? 'refused' : inserts('up'));
              if (!refused) deepEqual(await seenAfter('rollback'), inserts('down'));
            }),
            { numRuns: 40 },
          );
        });
      }),
    ));
});
