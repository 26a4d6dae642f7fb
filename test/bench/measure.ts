/** Clocks, medians and the memory of processes. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';

/** Milliseconds. */
export interface Times {
  readonly median: number;
  readonly p95: number;
  readonly runs: number;
}

export async function timed(action: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await action();
  return performance.now() - started;
}

/** The nearest-rank percentiles: always a time that was measured. */
export function timesOf(measured: readonly number[]): Times {
  const sorted = measured.toSorted((one, other) => one - other);
  const rank = (share: number) => rounded(sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN);
  return { median: rank(0.5), p95: rank(0.95), runs: sorted.length };
}

export const rounded = (value: number, digits = 1): number => Number(value.toFixed(digits));

/** Megabytes. PSS shares out what processes have in common; only Linux tells it. */
export interface Memory {
  readonly rss: number;
  readonly pss: number | undefined;
}

export function memoryOf(pid: number): Memory {
  const rollup = `/proc/${pid}/smaps_rollup`;
  if (existsSync(rollup)) {
    const text = readFileSync(rollup, 'utf8');
    const kilobytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? Number.NaN);
    return { rss: rounded(kilobytes('Rss') / 1000), pss: rounded(kilobytes('Pss') / 1000) };
  }
  const rss = execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' });
  return { rss: rounded(Number(rss.trim()) / 1000), pss: undefined };
}

/** The memory of all processes below this one (private servers of ours), on Linux; undefined elsewhere or when there are none. */
export function memoryBelow(pid: number): Memory | undefined {
  if (!existsSync('/proc/self/stat')) return undefined;
  const parents = new Map(
    readdirSync('/proc')
      .filter((it) => /^\d+$/.test(it))
      .map((it) => [Number(it), parentOf(it)]),
  );
  const below = [...parents.keys()].filter((it) => it !== pid && descends(it, pid, parents));
  if (below.length === 0) return undefined;
  const each = below.filter((it) => existsSync(`/proc/${it}`)).map(memoryOf);
  const sum = (of: (memory: Memory) => number) => rounded(each.reduce((total, it) => total + of(it), 0));
  return { rss: sum((it) => it.rss), pss: sum((it) => it.pss ?? 0) };
}

/** The fourth field of /proc/…/stat; the second one is a name in parentheses that may hold anything (man 5 proc). */
function parentOf(pid: string): number {
  const stat = `/proc/${pid}/stat`;
  if (!existsSync(stat)) return 0;
  return Number(
    readFileSync(stat, 'utf8')
      .replace(/^.*\) \S /s, '')
      .split(' ')[0],
  );
}

function descends(pid: number, from: number, parents: ReadonlyMap<number, number>): boolean {
  const parent = parents.get(pid) ?? 0;
  return parent === from || (parent > 1 && descends(parent, from, parents));
}
