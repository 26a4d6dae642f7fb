/** Any rows: the verdict and the count are those of Postgres. */
import { deepEqual } from 'node:assert/strict';
import fc from 'fast-check';
import type { Session } from '../../server/engine/database/session';
import { probe } from '../../server/engine/probes/ask';
import type { Answer, Probe } from '../../server/engine/probes/probe';
import { loadParser } from '../../server/engine/sql/parse';
import { servers, withDatabase } from '../support/servers';
import { withSession } from '../support/session';
import { demand } from '../shadow/support';
import { databaseAt, limits, never, probesIn, refusedFirst, rehearsed } from './support';

before(loadParser);

const schema = 'create table parents (a int, b int, unique (a, b), unique (a)); create table t (a int, b int, c text)';

type Row = readonly [a: number | null, b: number | null, c: string | null];

const small = fc.option(fc.integer({ min: 0, max: 3 }), { freq: 3 });
const words = fc.option(fc.constantFrom('', 'a', 'A', '1', '02', 'x'), { freq: 3 });
const rowsOf = fc.array(fc.tuple(small, small, words), { maxLength: 8 });
const parentsOf = fc.uniqueArray(fc.tuple(fc.integer({ min: 0, max: 3 }), small), {
  maxLength: 3,
  selector: ([a]) => a,
});

/** Each statement with the rows that are at fault, told by arithmetic. */
const statements: readonly {
  readonly sql: string;
  readonly bad: (row: Row, rows: readonly Row[], parents: readonly (readonly [number, number | null])[]) => boolean;
}[] = [
  { sql: 'alter table t alter a set not null', bad: ([a]) => a === null },
  { sql: 'alter table t add check (a < b)', bad: ([a, b]) => a !== null && b !== null && a >= b },
  { sql: `alter table t add check (a > 0 or c <> 'x')`, bad: ([a, , c]) => a === 0 && c === 'x' },
  {
    sql: 'alter table t add unique (a)',
    bad: ([a], rows) => a !== null && rows.filter((it) => it[0] === a).length > 1,
  },
  {
    sql: 'alter table t add unique (a, b)',
    bad: ([a, b], rows) => a !== null && b !== null && rows.filter((it) => it[0] === a && it[1] === b).length > 1,
  },
  {
    sql: 'alter table t add unique nulls not distinct (a, c)',
    bad: ([a, , c], rows) => rows.filter((it) => it[0] === a && it[2] === c).length > 1,
  },
  {
    sql: 'create unique index on t (lower(c)) where b is not null',
    bad: ([, b, c], rows) =>
      b !== null &&
      c !== null &&
      rows.filter((it) => it[1] !== null && it[2]?.toLowerCase() === c.toLowerCase()).length > 1,
  },
  {
    sql: 'alter table t add foreign key (a) references parents (a)',
    bad: ([a], _, parents) => a !== null && !parents.some((it) => it[0] === a),
  },
  {
    sql: 'alter table t add foreign key (a, b) references parents (a, b)',
    bad: ([a, b], _, parents) => a !== null && b !== null && !parents.some((it) => it[0] === a && it[1] === b),
  },
  {
    sql: 'alter table t add foreign key (a, b) references parents (a, b) match full',
    bad: ([a, b], _, parents) =>
      (a !== null || b !== null) && !parents.some((it) => it[0] === a && it[1] === b && b !== null),
  },
  { sql: 'alter table t alter c type int using c::int', bad: ([, , c]) => c !== null && !/^\d+$/.test(c) },
  {
    sql: 'alter table t add exclude using btree (a with =, b with =)',
    bad: ([a, b], rows) => a !== null && b !== null && rows.filter((it) => it[0] === a && it[1] === b).length > 1,
  },
];

for (const major of [servers.oldest, servers.newest])
  describe(`probes of any rows on PostgreSQL ${major}`, () => {
    const known = statements.filter(({ sql }) => major >= 15 || !sql.includes('nulls not distinct'));

    it('tell the rows that Postgres refuses', () =>
      withDatabase(major, (shadowUrl) =>
        withDatabase(major, (url) =>
          withSession(shadowUrl, (shadow) =>
            withSession(url, async (target) => {
              await demand(shadow, schema);
              await demand(target, schema);
              const probes: Probe[] = [];
              // An expression of an index is asked about, too, before its values are compared.
              for (const { sql } of known)
                probes.push(
                  ...probesIn(await rehearsed(shadow, sql))
                    .flat()
                    .slice(-1),
                );
              deepEqual(probes.length, known.length);
              await fc.assert(
                fc.asyncProperty(rowsOf, parentsOf, async (rows, parents) => {
                  await fill(target, rows, parents);
                  const answers = await probe(databaseAt(url), probes, limits, never);
                  deepEqual(
                    answers.map(countIn),
                    known.map(({ bad }) => rows.filter((row) => bad(row, rows, parents)).length),
                  );
                  for (const [i, { sql }] of known.entries()) {
                    const real = await refusedFirst(target, sql);
                    deepEqual({ sql, said: sqlStateOf(answers[i]) }, { sql, said: real?.sqlState });
                  }
                }),
                { numRuns: 25 },
              );
            }),
          ),
        ),
      ));
  });

async function fill(
  target: Session,
  rows: readonly Row[],
  parents: readonly (readonly (number | null)[])[],
): Promise<void> {
  await demand(target, 'truncate t, parents');
  await target.rows('insert into t select (it->>0)::int, (it->>1)::int, it->>2 from json_array_elements($1::json) it', [
    JSON.stringify(rows),
  ]);
  await target.rows('insert into parents select (it->>0)::int, (it->>1)::int from json_array_elements($1::json) it', [
    JSON.stringify(parents),
  ]);
}

const countIn = (answer: Answer): number | string | undefined =>
  answer.kind === 'some' ? answer.count : answer.kind === 'none' ? 0 : answer.why;

const sqlStateOf = (answer: Answer | undefined): string | undefined =>
  answer?.kind === 'some' ? answer.sqlState : undefined;
