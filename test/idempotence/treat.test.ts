/** Statements that are made to change nothing the second time: what is written, and what real servers make of it. */
import { deepEqual, equal } from 'node:assert/strict';
import { Client } from 'pg';
import { keysIn, type KeysOf } from '../../server/engine/idempotence/keys';
import { rewritten } from '../../server/engine/idempotence/rewrite';
import { treatmentOf } from '../../server/engine/idempotence/treat';
import { loadParser } from '../../server/engine/sql/parse';
import { servers } from '../support/servers';
import { type Case, cases } from './cases';
import { contentOf, cutWhole, onDatabases } from './support';

before(() => loadParser());

/** Each of the cases has a schema of its own. */
const schemaOf = (index: number): string => `c${index}`;

const textOf = (statement: string, keysOf: KeysOf): string => rewritten(statement, cutWhole, keysOf).text;

async function run(client: Client, index: number, sql: string): Promise<void> {
  await client.query(`set search_path to ${schemaOf(index)}`);
  try {
    await client.query(sql);
  } catch (cause) {
    throw new Error(`case ${index}: ${sql}`, { cause });
  }
}

const saysKind = ({ becomes }: Case): string | undefined => (typeof becomes === 'string' ? undefined : becomes.says);

for (const major of Object.values(servers)) {
  describe(`statements that are run twice on PostgreSQL ${major}`, () => {
    it('are once what they were, and nothing the second time', () =>
      onDatabases(major, async (plain, again) => {
        for (const { client } of [plain, again]) {
          for (const [i, { given }] of cases.entries()) {
            await client.query(`create schema ${schemaOf(i)}`);
            if (given !== undefined) await run(client, i, given);
          }
        }
        const keysOf = keysIn(await plain.database.dump());
        const texts = cases.map(({ statement }, i) =>
          textOf(statement, (parts) => keysOf(parts.length > 1 ? parts : [schemaOf(i), ...parts])),
        );
        const expected = cases.map(({ statement, becomes }) => (typeof becomes === 'string' ? becomes : statement));
        deepEqual(texts, expected);
        for (const [i, it] of cases.entries()) {
          const kind = saysKind(it);
          if (kind)
            equal(
              treatmentOf({ text: it.statement, range: { start: 0, end: 0 }, kind: 'sql' }, (parts) =>
                keysOf([schemaOf(i), ...parts]),
              ).kind,
              kind,
              it.statement,
            );
        }
        // What is left is known to be something else each time.
        for (const [i, it] of cases.entries()) {
          if (saysKind(it) === 'left') continue;
          await run(plain.client, i, it.statement);
          await run(again.client, i, texts[i] ?? '');
        }
        deepEqual(await contentOf(again.database), await contentOf(plain.database));
        for (const [i, it] of cases.entries()) if (saysKind(it) !== 'left') await run(again.client, i, texts[i] ?? '');
        deepEqual(await contentOf(again.database), await contentOf(plain.database));
      }));
  });
}

describe('a file that is rewritten', () => {
  const none: KeysOf = () => undefined;

  it('keeps comments, line ends, indentation and what is not SQL to the byte', () => {
    const text =
      "-- head\r\n\r\n  create type m as enum (\r\n    'a' -- why\r\n  ); -- tail\r\n\\echo x\r\n\tdrop table t /* t */ ;\r\n";
    equal(
      textOf(text, none),
      "-- head\r\n\r\n  DO $$ BEGIN\r\n    IF to_regtype('m') IS NULL THEN\r\n      create type m as enum (\r\n    'a' -- why\r\n  );\r\n    END IF;\r\n  END $$; -- tail\r\n\\echo x\r\n\tdrop table if exists t /* t */ ;\r\n",
    );
  });

  it('is the same once it has been', () => {
    const [once] = [cases.map(({ statement }) => `${statement};\n`).join('')].map((it) => textOf(it, none));
    equal(textOf(once ?? '', none), once);
  });

  it('has quotes that its statements do not hold', () => {
    equal(
      textOf('create domain d as text default $$x$$', none),
      "DO $again$ BEGIN\n  IF to_regtype('d') IS NULL THEN\n    create domain d as text default $$x$$;\n  END IF;\nEND $again$",
    );
  });

  it('has its blocks in one line where the tool cuts at the ends of lines, and none where it cuts at semicolons', () => {
    const text = 'create domain d as int;\ncreate domain e as int;\n';
    const cutBy = (end: RegExp) => (it: string) => cutAt(it, end);
    equal(
      rewritten(text, cutBy(/;\n/g), none).text,
      "DO $$ BEGIN IF to_regtype('d') IS NULL THEN create domain d as int; END IF; END $$;\n" +
        "DO $$ BEGIN IF to_regtype('e') IS NULL THEN create domain e as int; END IF; END $$;\n",
    );
    const { text: same, left } = rewritten(text, cutBy(/;/g), none);
    equal(same, text);
    equal(left.length, 2);
  });
});

/** As a tool that knows no dollar quotes. */
function cutAt(text: string, end: RegExp) {
  const pieces = [...text.matchAll(end)].map(({ index, 0: found }, i, all) => ({
    start: i === 0 ? 0 : (all[i - 1]?.index ?? 0) + (all[i - 1]?.[0].length ?? 0),
    end: index + found.length,
  }));
  return [{ direction: 'up', range: { start: 0, end: text.length }, mode: 'statements', pieces }] as const;
}

describe('a conversion of values', () => {
  it('is not made behind what writes rows of its table, which would not be converted the second time', () => {
    const conversion = 'alter table t alter a type bigint using a + 1';
    const left = (before: string): number =>
      rewritten(`${before}; ${conversion}`, cutWhole, () => undefined).left.length;
    const within = 'with w as (update t set a = 1 returning a) select a from w';
    deepEqual(
      ['update t set a = id * 10', 'delete from app.t where a = 5', within, 'update other set a = 1', 'select 1'].map(
        left,
      ),
      [1, 1, 1, 0, 0],
    );
  });
});
