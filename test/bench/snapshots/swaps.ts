/** The two renames of a swap, in a restore and in a trial, with nobody in the target and with sessions that are ended for it. */
import { Client } from 'pg';
import { restoreSnapshot, takeSnapshot } from '../../../server/engine/snapshots/snapshots';
import { loadParser } from '../../../server/engine/sql/parse';
import { tryOut } from '../../../server/engine/trial/trial';
import { jobOn } from '../../apply/support';
import { aroundOf, targetAt } from '../faults/place';
import { timed } from '../measure';
import { type Clock, clocked } from './clocked';
import { order } from './copies';
import type { DiskServer } from './diskServer';
import { dropped } from './filled';
import { type Row, rounds } from './rounds';

const migrations = `--- 1_a.up.sql
create table added (id int);
--- 1_a.down.sql
drop table added;
`;

export interface SwapRuns {
  readonly restores: number;
  readonly trials: number;
}

interface Bench {
  readonly server: DiskServer;
  readonly database: string;
  readonly sessions: number;
  readonly clock: Clock;
}

/** @param sessions that are in the target and do not leave by themselves */
export async function measureSwaps(
  server: DiskServer,
  database: string,
  sessions: number,
  runs: SwapRuns,
): Promise<readonly Row[]> {
  await loadParser();
  const clock = clocked(targetAt(server.access(database)));
  const bench: Bench = { server, database, sessions, clock };
  let other = await copyOf(bench);
  const rows = await rounds(runs.restores, async (tell) => {
    tell('two renames by themselves', await withSessions(bench, () => plainRenames(bench, other)));
    const [ms, kept] = await withSessions(bench, () => restoring(bench, other));
    tell('the same in a restore', clock.swapped());
    tell('the whole restore', ms);
    // What has been replaced is what is put back next: nothing is copied.
    other = kept;
  });
  await dropped(server, other);
  const tried = await rounds(runs.trials, async (tell) => {
    const [ms, kept] = await withSessions(bench, () => trying(bench));
    tell('the same in a trial', clock.swapped());
    tell('the whole trial', ms);
    const [, tested] = await restoring(bench, kept);
    clock.swapped();
    await dropped(server, tested);
  });
  const plain = rows[0]?.times.median ?? Number.NaN;
  return [...rows, ...tried.map((it) => ({ ...it, ratio: it.times.median / plain }))];
}

async function copyOf({ server, clock: { target } }: Bench): Promise<string> {
  const result = await takeSnapshot(target, { ...order, reason: 'measured' }, aroundOf(server.storage));
  if (result.kind !== 'taken') throw new Error(`no snapshot: ${JSON.stringify(result)}`);
  return result.snapshot.id;
}

const consent = ({ sessions }: Bench) => ({ version: undefined, disconnect: sessions > 0 });

async function restoring(bench: Bench, id: string): Promise<readonly [number, string]> {
  const { server, clock } = bench;
  const began = performance.now();
  const result = await restoreSnapshot(clock.target, id, consent(bench), aroundOf(server.storage));
  if (result.kind !== 'restored') throw new Error(`not restored: ${JSON.stringify(result)}`);
  return [performance.now() - began, result.kept.id];
}

async function trying(bench: Bench): Promise<readonly [number, string]> {
  const { server, clock } = bench;
  const job = jobOn(clock.target.database, server.storage, 'golang-migrate', migrations);
  const trial = { ...consent(bench), versions: job.versions, from: 'copy', afterwards: 'swap' } as const;
  const result = await tryOut(clock.target, trial, job, { ...aroundOf(server.storage), alone: (work) => work() });
  if (result.kind !== 'tried' || result.report.end.kind !== 'swapped')
    throw new Error(`not tried: ${JSON.stringify(result)}`);
  return [result.report.ms, result.report.end.kept.id];
}

/** As somebody would do it by hand; and back, which is not measured. */
async function plainRenames({ server, database, sessions }: Bench, other: string): Promise<number> {
  const client = new Client({ ...server.access('postgres') });
  await client.connect();
  const exchange = async (): Promise<void> => {
    await client.query(`begin; alter database ${database} rename to aside`);
    await client.query(`alter database "${other}" rename to ${database}`);
    await client.query('commit');
  };
  try {
    return await timed(async () => {
      if (sessions > 0)
        await client.query(
          `select pg_terminate_backend(pid, 1000) from pg_stat_activity where datname = '${database}'`,
        );
      await exchange();
    });
  } finally {
    await client.query(`alter database ${database} rename to "${other}"; alter database aside rename to ${database}`);
    await client.end();
  }
}

/** They are idle, as most sessions of an application are. */
async function withSessions<T>({ server, database, sessions }: Bench, use: () => Promise<T>): Promise<T> {
  const clients = Array.from({ length: sessions }, () => new Client({ ...server.access(database) }));
  for (const client of clients) {
    client.on('error', () => {});
    await client.connect();
  }
  try {
    return await use();
  } finally {
    await Promise.all(clients.map((client) => client.end()));
  }
}
