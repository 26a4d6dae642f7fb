/** Repairs of a history that keeps its tool from going on: what the tool's own command would do, and nothing more. */
import { Fault } from '../base/fault';
import type { HistoryState, Repair } from '../history/history';
import { inTransaction } from '../history/table';
import type { MigrationFolder } from '../layouts/migration';
import type { Job } from './job';
import { withLockedTarget } from './locked';

export const repairsIn = (state: HistoryState, { migrations }: MigrationFolder): readonly Repair[] =>
  state.blocked === undefined ? [] : (state.repairs?.(migrations) ?? []);

/**
 * @param statements those that the user was shown
 * @throws {Fault} `history-moved` when the history is not as it was then; then nothing was run. As withLockedTarget
 */
export const repairHistory = (
  job: Pick<Job, 'database' | 'history' | 'folder' | 'signal'>,
  statements: readonly string[],
): Promise<void> =>
  withLockedTarget(job, 'write', async (session) => {
    const offered = repairsIn(await job.history.read(session), job.folder);
    const wanted = offered.find((it) => JSON.stringify(it.statements) === JSON.stringify(statements));
    if (!wanted) throw new Fault('history-moved', 'The history is another one by now. Nothing was repaired.');
    await inTransaction(session, async () => {
      for (const statement of wanted.statements) await session.rows(statement);
    });
    await session.keep?.();
  });
