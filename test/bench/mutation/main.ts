/**
 * The mutation bench: is every mistake found that plain Postgres refuses, on the right words, and nothing else?
 *
 *     npm run bench -- --mutation                       examples/shop
 *     npm run bench -- --mutation folder…               histories of any tool we know
 *         --major 15          Postgres 15 instead of 18
 *         --each 2            mutants of each class in a script; 1 when not said
 *         --migrations 40     migrations of each history that are mutated; all when not said
 *         --seed text         other mutants
 *         --prelude name=file SQL that runs before the migrations of the folder of that name
 *         --only id           one mutant, as the lists name it: its text, and what each says of it
 *
 * The table and all disagreements go to standard error, JSON to standard output. The exit code tells of nothing.
 */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { majorOf, servers } from '../../support/servers';
import { historyOf, runHistory } from './bench';
import type { Result } from './project';
import { disagreement, isDisagreement, type Row, rowOf, rowsOf, table, times } from './report';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    major: { type: 'string', default: String(servers.newest) },
    each: { type: 'string', default: '1' },
    migrations: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '1' },
    prelude: { type: 'string', multiple: true, default: [] },
    only: { type: 'string' },
  },
});

void main();

async function main(): Promise<void> {
  const major = majorOf(values.major);
  const folders = positionals.length > 0 ? positionals : [resolve(__dirname, '../../../examples/shop/db/migrations')];
  const plan = {
    each: Number(values.each),
    migrations: Number(values.migrations),
    seed: values.seed,
    only: values.only,
  };
  const all: Result[] = [];
  const rows: Row[] = [];
  for (const folder of folders) {
    const history = historyOf(resolve(folder), values.prelude);
    const results: Result[] = [];
    await runHistory(history, major, plan, (result) => {
      results.push(result);
      if (values.only !== undefined) process.stderr.write(`${result.text}\n`);
      if (values.only !== undefined || isDisagreement(result)) process.stderr.write(`${disagreement(result)}\n`);
    });
    rows.push(...rowsOf(history.name, results));
    all.push(...results);
    process.stderr.write(`${history.name}: ${results.length} mutants and originals; ${times(results)}`);
  }
  const classes = rowsOf('all', all);
  const mutants = all.filter((it) => !it.id.endsWith('original'));
  const totals = rowOf('all', 'all mutants', mutants);
  process.stderr.write(`\n${table([...rows, ...classes, totals])}`);
  process.stdout.write(
    `${JSON.stringify({ major, ...plan, rows, classes, totals, disagreements: listed(all) }, undefined, 2)}\n`,
  );
}

const listed = (results: readonly Result[]) =>
  results.filter(isDisagreement).map((it) => ({ id: it.id, verdict: it.verdict, findings: it.check.findings }));
