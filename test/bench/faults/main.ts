/**
 * `npm run bench -- faults`: cuts off every operation that keeps a journal, in every way, at moments spread over all that
 * it says to the server, lets the next start recover, and looks whether anything is lost or half done.
 *
 * Then an application writes all the time beside each, and no committed write of it may be lost.
 *
 * Prints the counts by operation, fault and outcome; ends with 1 when anything is not as it has to be.
 * `--runs N`: at least so many (500), `--workers N`: side by side (2), `--only NAME`: one operation.
 */
import { cpus } from 'node:os';
import { servers } from '../../support/servers';
import { measureConcurrency } from './concurrency';
import { planned, runAll, type Told } from './faultRuns';
import { operations } from './operations';

void main();

async function main(): Promise<void> {
  const only = valueOf('--only');
  const chosen = operations.filter(({ name }) => only === undefined || name === only);
  const plan = planned(Number(valueOf('--runs') ?? 500), chosen);
  const workers = Number(valueOf('--workers') ?? Math.min(4, cpus().length));
  const began = performance.now();
  let unheard = 0;
  // Nobody waits for what fails here: in the language server that would be the end of the process.
  process.on('unhandledRejection', (cause) => {
    unheard++;
    process.stderr.write(`\nnobody hears of: ${cause instanceof Error ? cause.stack : String(cause)}\n`);
  });
  const told: Told[] = [];
  await runAll(servers.newest, plan, workers, (it) => {
    told.push(it);
    for (const violation of it.violations)
      process.stderr.write(
        `\n${it.operation}, ${it.fault}, ${it.moment}, at ${it.steps.join(', ') || 'no step'}: ${violation}\n`,
      );
    if (told.length % 25 === 0) process.stderr.write(`${told.length} of ${plan.length}\n`);
  });
  const minutes = (performance.now() - began) / 60_000;
  const missed = chosen.flatMap(({ steps }) => steps).filter((step) => !told.some((it) => it.steps.includes(step)));
  const violations = told.reduce((sum, it) => sum + it.violations.length, unheard);
  process.stdout.write(table(told));
  process.stdout.write(
    `\n${told.length} runs in ${minutes.toFixed(1)} minutes on PostgreSQL ${servers.newest}, ${told.filter(({ steps }) => steps.length > 0).length} of them with work in the journal: ${violations} violations.\n`,
  );
  if (missed.length > 0) process.stdout.write(`No run has met: ${[...new Set(missed)].join(', ')}.\n`);
  const wrong = only === undefined ? await concurrency() : 0;
  process.exitCode = violations + wrong > 0 ? 1 : 0;
}

/** @returns how much of it is not as it has to be */
async function concurrency(): Promise<number> {
  const noticed = await measureConcurrency(servers.newest, 4);
  const rows = noticed.map(({ operation, writes, longestWaitMs, ended, violations }) =>
    [operation, writes, longestWaitMs.toFixed(0), ended, violations.join('; ') || 'none'].join(' | '),
  );
  process.stdout.write('\nFour sessions that write all the time:\n\n');
  const lines = [
    'operation | committed writes | longest wait, ms | sessions ended | violations',
    '---|---|---|---|---',
  ];
  process.stdout.write([...lines, ...rows].map((it) => `| ${it} |\n`).join(''));
  return noticed.flatMap(({ violations }) => violations).length;
}

function valueOf(option: string): string | undefined {
  const at = process.argv.indexOf(option);
  return at < 0 ? undefined : process.argv[at + 1];
}

/** As Markdown, for the README. */
function table(told: readonly Told[]): string {
  const faults = [...new Set(told.map(({ fault }) => fault))];
  const names = [...new Set(told.map(({ operation }) => operation))];
  const cell = (runs: readonly Told[]): string => {
    const count = (stands: Told['stands']): number => runs.filter((it) => it.stands === stands).length;
    const between = count('between') > 0 ? ` / ${count('between')}` : '';
    const wrong = runs.filter(({ violations }) => violations.length > 0).length;
    return `${count('before')} / ${count('after')}${between}${wrong > 0 ? ` **${wrong} wrong**` : ''}`;
  };
  const rows = names.map((name) => [
    name,
    ...faults.map((fault) => cell(told.filter((it) => it.operation === name && it.fault === fault))),
  ]);
  const lines = [['', ...faults], ['---', ...faults.map(() => '---')], ...rows];
  return lines.map((line) => `| ${line.join(' | ')} |\n`).join('');
}
