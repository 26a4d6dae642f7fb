/** Rounds in which each of several ways has its turn, so that all of them meet the same load of the machine. */
import { type Times, timesOf } from '../measure';

export interface Row {
  readonly what: string;
  readonly times: Times;
  /** Of the medians, against the first way. */
  readonly ratio: number;
}

export type Tell = (what: string, ms: number) => void;

/** Each is told on standard error at once. @returns the ways in the order in which they were first told */
export async function rounds(runs: number, round: (tell: Tell) => Promise<void>): Promise<readonly Row[]> {
  const told = new Map<string, number[]>();
  for (let run = 0; run < runs; run++)
    await round((what, ms) => {
      process.stderr.write(`${what}: ${ms.toFixed(0)} ms\n`);
      told.set(what, [...(told.get(what) ?? []), ms]);
    });
  const [plain] = told.values();
  const { median } = timesOf(plain ?? []);
  return [...told].map(([what, measured]) => {
    const times = timesOf(measured);
    return { what, times, ratio: times.median / median };
  });
}

/** As Markdown, for the README. */
export const markdown = (title: string, rows: readonly Row[]): string =>
  [
    [title, 'median ms', 'p95 ms', '× plain', 'runs'],
    ['---', '---', '---', '---', '---'],
    ...rows.map(({ what, times, ratio }) => [
      what,
      times.median.toFixed(times.median < 100 ? 1 : 0),
      times.p95.toFixed(times.p95 < 100 ? 1 : 0),
      ratio.toFixed(2),
      String(times.runs),
    ]),
  ]
    .map((cells) => `| ${cells.join(' | ')} |\n`)
    .join('');
