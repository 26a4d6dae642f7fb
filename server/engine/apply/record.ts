/** Records migrations as applied of which the target has everything already: nothing of them is run. */
import type { Job } from './job';
import { withLockedTarget, withLockLimit } from './locked';
import { checkUp, planUp } from './plan';
import { stepOf } from './runMigration';

/** @throws {Fault} as applyMigrations */
export function recordMigrations(job: Job, versions: readonly string[]): Promise<void> {
  const plan = planUp(job, versions);
  return withLockedTarget(job, 'write', async (session) => {
    checkUp(job, plan, await job.history.read(session));
    for (const planned of plan) {
      const parts = planned.scripts.map(({ script }) => script.part).filter((it) => it !== undefined);
      for (const part of parts.length > 0 ? parts : [undefined]) {
        const step = {
          ...stepOf(job, planned),
          ...(part === undefined ? {} : { part }),
          ms: 0,
        };
        await withLockLimit(session, job, async () => job.history.before?.(session, step));
        await withLockLimit(session, job, () => job.history.after(session, step));
        await withLockLimit(session, job, async () => job.history.committed?.(session, step));
      }
    }
    await session.keep?.();
  });
}
