/** Ways out of what the tool complains of in its history. */
import { repairHistory, repairsIn } from '../apply/repair';
import type { Consent, Repair } from '../project';
import type { Ground } from './ground';
import { filesOf } from './changing';
import { liveNow, recover } from './look';
import { demandConsent } from './consent';

export async function repairs(ground: Ground, signal?: AbortSignal): Promise<readonly Repair[]> {
  return repairsIn((await liveNow(ground, signal)).history, filesOf(ground));
}

/** Alone only. */
export async function repair(
  ground: Ground,
  { statements }: Pick<Repair, 'statements'>,
  { confirmedName }: Pick<Consent, 'confirmedName'>,
  signal: AbortSignal,
): Promise<void> {
  const { bench } = ground;
  const { database } = bench.target;
  demandConsent(bench.target, confirmedName);
  await recover(ground, signal);
  try {
    await repairHistory({ ...filesOf(ground), database, history: bench.history, signal }, statements);
  } finally {
    bench.refresh();
  }
}
