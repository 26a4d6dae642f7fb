/** Ways out of what keeps the tool from going on. */
import { repairHistory, repairsIn } from '../apply/repair';
import type { Consent, Repair } from '../project';
import type { Ground } from './ground';
import { liveNow, recover } from './look';
import { demandConsent } from './target';

export async function repairs(ground: Ground, signal?: AbortSignal): Promise<readonly Repair[]> {
  return repairsIn((await liveNow(ground, signal)).history, ground.folder);
}

/** Alone only. */
export async function repair(
  ground: Ground,
  { statements }: Pick<Repair, 'statements'>,
  { confirmedName }: Pick<Consent, 'confirmedName'>,
  signal: AbortSignal,
): Promise<void> {
  const { bench, folder } = ground;
  const { database } = bench.target;
  demandConsent(bench.target, confirmedName);
  await recover(ground, signal);
  try {
    await repairHistory({ database, history: bench.history, folder, signal }, statements);
  } finally {
    bench.refresh();
  }
}
