/** Tries out pending migrations on a copy of the file of an embedded database. */
import { existsSync, statSync } from 'node:fs';
import { copyDurably, removeDurably, unfinishedSuffix } from '../base/durable';
import { Fault } from '../base/fault';
import { isAbout } from '../base/journal';
import type { Database } from '../database/database';
import { whileWanted } from '../database/onSession';
import { alone, makeFile, replaceBy } from '../snapshots/embedded';
import { trialName } from '../snapshots/names';
import { snapshotOf } from '../snapshots/record';
import { dataPath } from '../snapshots/registry';
import type { EmbeddedTarget } from '../snapshots/target';
import { forgetScripts } from '../snapshots/trialCopies';
import type { TrialEnd, TrialResult } from '../trials';
import { reasonOf, refuse, type TrialOrder, type TrialSurroundings } from './order';
import { run, type Scripts } from './passes';

/**
 * @param at the database in another file
 * @throws as tryOut
 */
export async function tryOutEmbedded(
  target: EmbeddedTarget,
  order: TrialOrder,
  scripts: Scripts,
  around: TrialSurroundings,
  at: (path: string) => Database,
): Promise<TrialResult> {
  refuse(order, scripts, true);
  if (order.afterwards === 'keep')
    throw new Fault('no-trial', 'a copy of the embedded database cannot be kept: nothing else could connect to it.');
  if (!existsSync(target.path)) await makeFile(target);
  const work = (): Promise<TrialResult> => onCopies(target, order, scripts, around, at);
  try {
    return await (order.afterwards === 'swap' ? around.alone(() => alone(target, work)) : work());
  } catch (cause) {
    if (!around.signal.aborted || cause !== around.signal.reason) throw cause;
    return { kind: 'cancelled', state: `${target.database.label} is as it was.` };
  }
}

async function onCopies(
  target: EmbeddedTarget,
  order: TrialOrder,
  scripts: Scripts,
  around: TrialSurroundings,
  at: (path: string) => Database,
): Promise<TrialResult> {
  const began = performance.now();
  // What a killed process leaves of them is swept as what was never finished.
  const pathOf = (): string =>
    dataPath(around.storage, trialName(target.database.name, around.now())) + unfinishedSuffix;
  const [path, other] = [pathOf(), pathOf()];
  try {
    copyDurably(sourceOf(target, order, around), path);
    const copied = {
      how: typeof order.from === 'string' ? 'file' : 'snapshot',
      ms: performance.now() - began,
      bytes: statSync(path).size,
      lacks: [],
      ended: [],
    } as const;
    const { stopped, ...course } = await run(scripts, at(path), order.versions, async () => {
      if (order.afterwards !== 'swap') return at(path);
      copyDurably(path, other);
      return at(other);
    });
    if (stopped?.kind === 'cancelled')
      return { kind: 'cancelled', state: `On the copy: ${stopped.state} ${target.database.label} is as it was.` };
    around.signal.throwIfAborted();
    const { server } = await whileWanted(at(path), 'read', around.signal, (session) => Promise.resolve(session));
    const end = order.afterwards === 'swap' && !stopped ? await swapped(target, path, order, around) : dropped;
    const ms = performance.now() - began;
    const report = { target: target.database.label, server: server.label, copied, ...course, end, ms };
    return stopped ? { ...stopped, report } : { kind: 'tried', report };
  } finally {
    for (const it of [path, other]) {
      if (existsSync(it)) removeDurably(it);
      forgetScripts(isAbout(at(it).id), around.storage);
    }
  }
}

const dropped: TrialEnd = { kind: 'dropped' };

function sourceOf({ path, database }: EmbeddedTarget, { from }: TrialOrder, { storage }: TrialSurroundings): string {
  if (typeof from === 'string') return path;
  const source = dataPath(storage, from.snapshot);
  if (!existsSync(source)) throw new Fault('no-such-snapshot', `${from.snapshot} of ${database.label}.`);
  return source;
}

async function swapped(
  target: EmbeddedTarget,
  path: string,
  order: TrialOrder,
  around: TrialSurroundings,
): Promise<TrialEnd> {
  const kept = await replaceBy(target, path, { reason: reasonOf(order), version: order.version }, around);
  return { kind: 'swapped', kept: snapshotOf(kept, target.database.label) };
}
