/** Random scripts: the rewritten one, run once or twice, does what the old one does once. */
import { deepEqual } from 'node:assert/strict';
import type { Client } from 'pg';
import fc from 'fast-check';
import { keysIn } from '../../server/engine/idempotence/keys';
import { rewritten } from '../../server/engine/idempotence/rewrite';
import { loadParser } from '../../server/engine/sql/parse';
import { servers } from '../support/servers';
import { contentOf, cutWhole, onDatabases } from './support';

before(() => loadParser());

/** What is there before. */
const given = [
  `create type mood as enum ('sad', 'ok')`,
  'create type pair as (a int, b int)',
  'create table old (id int primary key, a int, b text default $$x$$, constraint sane check (a < 100))',
  'create table parted (a int) partition by list (a)',
  'create table part partition of parted for values in (1)',
  'create index old_index on old (a)',
  'create view looked as select id from old',
  `insert into old values (1, 1, 'y'), (2, 5, 'z')`,
  'create function f() returns trigger language plpgsql as $$ begin return new; end $$',
];

const name = fc.constantFrom('m', 'n', '"Or der"');
const table = fc.constantFrom('old', 'm', 'n', '"Or der"');

const statement = fc.oneof(
  { weight: 6, arbitrary: name.map((it) => `create table ${it} (id serial primary key, a int, b text unique)`) },
  { weight: 3, arbitrary: table.map((it) => `alter table ${it} add column c int default 3, add check (c > 1)`) },
  {
    weight: 3,
    arbitrary: table.map((it) => `alter table ${it} add constraint k unique (a, b), alter a set default 4`),
  },
  { weight: 3, arbitrary: table.map((it) => `create index on ${it} (a)`) },
  { weight: 3, arbitrary: table.map((it) => `insert into ${it} (id, a, b) values (9, 1, 'q')`) },
  {
    weight: 2,
    arbitrary: table.map((it) => `create trigger g before insert on ${it} for each row execute function f()`),
  },
  { weight: 2, arbitrary: table.map((it) => `create policy p on ${it} using (a > 1)`) },
  { weight: 2, arbitrary: table.map((it) => `update ${it} set a = length(b) + 7`) },
  { weight: 2, arbitrary: table.map((it) => `alter table ${it} alter a type bigint using a + 1`) },
  { weight: 2, arbitrary: table.map((it) => `alter table ${it} add foreign key (a) references old`) },
  {
    weight: 12,
    arbitrary: fc.constantFrom(
      'alter table old drop constraint sane',
      'drop index old_index',
      'drop view looked',
      'create view seen as select a from old',
      'create materialized view kept as select 1 as a',
      `alter type mood add value 'new'`,
      `alter type mood rename value 'sad' to 'low'`,
      'alter type pair add attribute c int',
      'alter type pair rename attribute a to z',
      'alter table old rename constraint sane to sound',
      'alter table parted detach partition part',
      'create table other partition of parted for values in (2)',
      'create sequence s start 5',
      'create domain positive as int check (value > 0)',
      'create schema extra',
      `comment on table old is 'x'`,
      'delete from old where a = 5',
      'create function g() returns int language sql begin atomic select 1; end',
      'create rule r as on delete to old do also nothing',
      'create statistics st on a, id from old',
    ),
  },
);

for (const major of Object.values(servers)) {
  describe(`random scripts on PostgreSQL ${major}`, () => {
    it('do once what they did, and nothing the second time', () =>
      fc.assert(
        fc.asyncProperty(fc.uniqueArray(statement, { minLength: 4, maxLength: 14 }), (statements) =>
          onDatabases(major, async (plain, again) => {
            for (const { client } of [plain, again]) for (const it of given) await client.query(it);
            const taken: string[] = [];
            for (const it of statements) if (await isTaken(plain.client, it)) taken.push(it);
            if (findsItsOwn(taken)) return;
            const text = taken.map((it) => `${it};\n`).join('');
            const made = rewritten(text, cutWhole, keysIn(await plain.database.dump()));
            // What it says it has left is not run twice by anybody.
            if (made.left.length > 0) return;
            const expected = await contentOf(plain.database);
            for (let times = 1; times <= 2; times++) {
              await again.client.query(made.text);
              deepEqual(await contentOf(again.database), expected, `${times} times: ${made.text}`);
            }
          }),
        ),
        { numRuns: 6, endOnFailure: true },
      ));
  });
}

/** An UPDATE finds the second time what an INSERT behind it has put there; whether it changes that, only a run tells. */
const findsItsOwn = (statements: readonly string[]): boolean =>
  statements.some((it, i) => {
    const [, updated] = /^update (.+?) set /.exec(it) ?? [];
    return updated !== undefined && statements.slice(i).some((other) => other.startsWith(`insert into ${updated} `));
  });

/** What Postgres refuses is left out of the script. */
async function isTaken(client: Client, sql: string): Promise<boolean> {
  try {
    await client.query(sql);
    return true;
  } catch (cause) {
    if (cause instanceof Error && 'severity' in cause) return false;
    throw cause;
  }
}
