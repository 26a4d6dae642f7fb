/** The mutation bench on a small history: it finds what is planted, and says so. */
import { deepEqual, equal, match } from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withFolder } from '../../support/files';
import { servers } from '../../support/servers';
import { historyOf, runHistory } from './bench';
import type { Plan, Result } from './project';
import { disagreement, rowOf, table } from './report';

const history = {
  '1_users.up.sql': `create table users (id int primary key, email text);\ncreate index users_email on users (email);`,
  '1_users.down.sql': 'drop table users;',
  '2_notes.up.sql': `create type mood as enum ('ok');\nalter table users add column note text, add column mood mood;`,
  '2_notes.down.sql': 'alter table users drop column note, drop column mood; drop type mood;',
};

const plan: Plan = { each: 1, migrations: 10, seed: '1', only: 'small/2_notes' };

describe('the mutation bench', () => {
  const results: Result[] = [];
  before(function () {
    this.timeout(240_000);
    return withFolder(async (home) => {
      const folder = join(home, 'small');
      mkdirSync(folder);
      for (const [name, text] of Object.entries(history)) writeFileSync(join(folder, name), text);
      await runHistory(historyOf(folder, []), servers.newest, plan, (it) => results.push(it));
    });
  });

  it('compares a mutant with what plain Postgres says of it', () => {
    const result = results.find(({ id }) => id === 'small/2_notes.up.sql/misspelt_table:0');
    equal(result?.verdict.kind === 'refused' && result.verdict.refusal.sqlState, '42P01');
    match(result?.text ?? '', /alter table usesr add/);
    deepEqual(result?.comparison, {
      refused: true,
      detected: true,
      onStatement: true,
      exact: true,
      falseAlarms: [],
      elsewhere: [],
    });
  });

  it('has mistakes of many classes, in both directions and with rows', () => {
    const refused = results.filter(({ comparison }) => comparison.refused).map((it) => it.class);
    for (const it of ['not_null_no_default', 'misspelt_type', 'down_drop_missing', 'swapped', 'token_removed'])
      equal(refused.includes(it), true, it);
  });

  it('finds all that Postgres refuses, on the right words, and nothing in what it accepts', () => {
    const row = rowOf('small', 'all', results);
    deepEqual([row.detected, row.onStatement, row.exact, row.falseAlarms], [row.refused, row.refused, row.exactOf, 0]);
    match(table([row]), /^project +class +mutants/);
  });

  it('tells where it disagrees, by what each says', () => {
    const result = results.find((it) => it.class === 'misspelt_table');
    if (!result) throw new Error('there is no such mutant');
    const comparison = { ...result.comparison, detected: false, onStatement: false };
    const text = disagreement({ ...result, check: { ...result.check, findings: [] }, comparison });
    match(
      text,
      /^missed: small.*\n {2}Postgres: line 2: 42P01 relation "usesr" does not exist\n {2}we say: {3}nothing$/,
    );
  });
});
