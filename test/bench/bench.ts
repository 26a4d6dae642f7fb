/**
 * The benchmark: `npm run bench` prints a table for people on standard error and JSON on standard output.
 *
 * It asserts nothing about time. `--quick`: fewer rounds, to see that it works.
 */
import { cpus, totalmem } from 'node:os';
import { resolve } from 'node:path';
import { ending, withWorkspace } from '../support/commandLine';
import { servers, stopServers } from '../support/servers';
import { measureActivation } from './activation';
import { startEditor } from './editor';
import { type Large, measureLarge, measureUnapplied, type Unapplied } from './large';
import { rounded, timed, type Times, timesOf } from './measure';
import { measureObservation, type ObservationCost } from './observation';
import { measureRehearsals, type Rehearsals, type Timed } from './rehearsals';

const quick = process.argv.includes('--quick');
const rounds = quick ? { openings: 1, edits: 3 } : { openings: 5, edits: 30 };
const sizes = quick
  ? { statements: 500, migrations: 100, edits: 200 }
  : { statements: 5_000, migrations: 1_000, edits: 10_000 };
const example = resolve(__dirname, '../../examples/shop');

void main();

async function main(): Promise<void> {
  try {
    const clientActivation = (await measureActivation(quick ? 1 : 7)) ?? 'not measured: no VS Code is set up';
    const server = await serverActivation(quick ? 3 : 15);
    const rehearsals: Rehearsals[] = [];
    for (const shadow of ['private', 'same-server', 'embedded']) {
      rehearsals.push(await measureRehearsals(servers.newest, shadow, rounds));
    }
    if (!quick) rehearsals.push(await measureRehearsals(servers.newest, 'private', rounds, 2_000));
    const large = await measureLarge(servers.newest, sizes, quick ? 2 : 10);
    const unapplied = await measureUnapplied(sizes.migrations, quick ? 2 : 10);
    const observation = await measureObservation(servers.newest, quick ? 5 : 30);
    const checkExample = await coldChecks(quick ? 1 : 5);
    const results = {
      machine: machine(),
      clientActivation,
      serverActivation: server,
      rehearsals,
      large,
      unapplied,
      observation,
      checkExample,
    };
    process.stderr.write(table(results));
    process.stdout.write(`${JSON.stringify(results, undefined, 2)}\n`);
  } finally {
    await stopServers();
  }
}

const machine = () => ({
  platform: `${process.platform}-${process.arch}`,
  node: process.versions.node,
  processors: cpus().length,
  memoryGb: rounded(totalmem() / 1e9),
});

/** From spawn to the answer to `initialize`. */
async function serverActivation(times: number): Promise<Times> {
  const measured: number[] = [];
  await withWorkspace({}, async ({ folder, environment }) => {
    for (let round = 0; round < times; round++) {
      const editor = await startEditor(folder, environment, {});
      measured.push(editor.initializedMs);
      await editor.close();
    }
  });
  return timesOf(measured);
}

/** `rehearsal check --all` of the example on the embedded engine, each time with a new home folder. */
async function coldChecks(times: number): Promise<Times> {
  const measured: number[] = [];
  for (let round = 0; round < times; round++) {
    await withWorkspace({}, async (workspace) => {
      const words = ['check', '--all', '--embedded', '--shadow', 'embedded', '--dir', example];
      measured.push(
        await timed(async () => {
          const { code, stderr } = await ending(workspace.start(words));
          if (code !== 0 && code !== 1) throw new Error(stderr);
        }),
      );
    });
  }
  return timesOf(measured);
}

interface Results {
  readonly clientActivation: { readonly activated: Times; readonly server: Times } | string;
  readonly serverActivation: Times;
  readonly rehearsals: readonly Rehearsals[];
  readonly large: readonly Large[];
  readonly unapplied: Unapplied;
  readonly observation: ObservationCost;
  readonly checkExample: Times;
}

function table(results: Results): string {
  const { clientActivation, serverActivation, rehearsals, large, unapplied, observation, checkExample } = results;
  const rows: (readonly string[])[] = [['', 'median ms', 'p95 ms', '× plain', 'runs']];
  if (typeof clientActivation === 'string') rows.push([`client: ${clientActivation}`]);
  else {
    rows.push(['client: activate() in VS Code', ...columns(clientActivation.activated)]);
    rows.push(['client: until its server runs', ...columns(clientActivation.server)]);
  }
  rows.push(['server: spawn to initialized', ...columns(serverActivation)]);
  for (const { shadow, rehearsedOn, tables, plain, plainLast, first, reopened, edited, blank, memory } of rehearsals) {
    rows.push([], [`shadow ${shadow}, ${tables} tables: ${rehearsedOn}`]);
    rows.push(['plain Postgres, 40 statements', ...columns(plain)]);
    rows.push(['plain Postgres, the last statement alone', ...columns(plainLast)]);
    rows.push(['first diagnostics, nothing prepared', ...columns(first)]);
    rows.push(['first diagnostics, reopened', ...columns(reopened)]);
    for (const [which, times] of Object.entries(edited))
      rows.push([`after an edit of the ${which} statement`, ...columns(times)]);
    rows.push(['after an edit of white space', ...columns(blank)]);
    rows.push([`memory of the server: RSS ${memory.server.rss} MB, PSS ${memory.server.pss ?? '?'} MB`]);
    if (memory.itsProcesses)
      rows.push([`memory of its processes: RSS ${memory.itsProcesses.rss} MB, PSS ${memory.itsProcesses.pss} MB`]);
  }
  for (const { what, first, edited, memory } of large) {
    rows.push([], [`private, ${what}`]);
    rows.push(['first diagnostics', ...columns(first)], ['after an edit of the last statement', ...columns(edited)]);
    rows.push([`memory of the server: RSS ${memory.rss} MB, PSS ${memory.pss ?? '?'} MB`]);
  }
  rows.push([], [`embedded, no target, ${unapplied.migrations} migrations before the newest`]);
  rows.push(['first diagnostics at the first start', unapplied.first.toFixed(1), '', '', '1']);
  rows.push(['first diagnostics at later starts, the same text', ...columns(unapplied.later)]);
  rows.push(['first diagnostics at later starts, another text', ...columns(unapplied.changed)]);
  rows.push(['from spawn to first diagnostics, likewise', ...columns(unapplied.fromSpawn)]);
  rows.push([], ['40 statements with savepoints, on one session', ...columns(observation.bare)]);
  for (const [who, { times, overhead }] of [
    ['the editor at compact', observation.compact],
    ['the editor at full', observation.editor],
    ['the command line', observation.commandLine],
  ] as const)
    rows.push([`the same, observed by ${who}: ${(overhead * 100).toFixed(0)} % more`, ...columns(times)]);
  rows.push([], ['check --all of examples/shop, embedded, cold', ...columns(checkExample)]);
  const widths = [0, 1, 2, 3, 4].map((column) =>
    Math.max(...rows.filter((row) => row.length > 1).map((row) => row[column]?.length ?? 0)),
  );
  return `${rows.map((row) => row.map((text, column) => (column === 0 ? text.padEnd(widths[0] ?? 0) : text.padStart((widths[column] ?? 0) + 2))).join('')).join('\n')}\n`;
}

const columns = (times: Times | Timed): readonly string[] => [
  times.median.toFixed(1),
  times.p95.toFixed(1),
  'ratio' in times ? times.ratio.toFixed(2) : '',
  String(times.runs),
];
