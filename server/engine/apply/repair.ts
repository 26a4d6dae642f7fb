/** Repairs of a history that its tool complains of: what the tool's own command would do, and nothing more. */
import { wholeText } from '../base/text';
import { Fault } from '../base/fault';
import { unlessUnreadable } from '../base/unlessUnreadable';
import type { HistoryState, Repair } from '../history/history';
import { inTransaction } from '../history/table';
import { besideIn } from '../layouts/migration';
import type { Job, JobFiles } from './job';
import { withLockedTarget } from './locked';

export const repairsIn = (state: HistoryState, { folder, read, isMarked }: JobFiles): readonly Repair[] =>
  state.repairs?.({
    migrations: folder.migrations,
    upTextOf({ upPath: path }) {
      const text = path === undefined ? undefined : unlessUnreadable(() => read(path));
      return path === undefined || text === undefined ? undefined : wholeText({ text, isMarked: isMarked(path) });
    },
    read: besideIn(folder, read),
  }) ?? [];

/**
 * @param statements those that the user was shown
 * @throws {Fault} `history-moved` when the history is not as it was then; then nothing was run. As withLockedTarget
 */
export const repairHistory = (
  job: Pick<Job, 'database' | 'history' | 'signal'> & JobFiles,
  statements: readonly string[],
): Promise<void> =>
  withLockedTarget(job, 'write', async (session) => {
    const offered = repairsIn(await job.history.read(session), job);
    const wanted = offered.find((it) => JSON.stringify(it.statements) === JSON.stringify(statements));
    if (!wanted) throw new Fault('history-moved', 'The history is another one by now. Nothing was repaired.');
    await inTransaction(session, async () => {
      for (const statement of wanted.statements) await session.rows(statement);
    });
    await session.keep?.();
  });
