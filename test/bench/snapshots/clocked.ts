/** A target whose statements are clocked, so that a swap is measured inside of the real work. */
import type { Database } from '../../../server/engine/database/database';
import type { ServerTarget } from '../../../server/engine/snapshots/target';

export interface Clock {
  readonly target: ServerTarget;
  /** From the first rename to the end of its transaction, since the last call; milliseconds. */
  readonly swapped: () => number;
}

interface Ran {
  readonly sql: string;
  readonly began: number;
  readonly ended: number;
}

export function clocked(target: ServerTarget): Clock {
  let ran: Ran[] = [];
  return {
    target: { ...target, sibling: (name) => watched(target.sibling(name), (it) => void ran.push(it)) },
    swapped() {
      const first = ran.find(({ sql }) => /^begin; alter database .* rename to /.test(sql));
      const commit = ran.findLast(({ sql }) => sql === 'commit');
      ran = [];
      if (!first || !commit) throw new Error('nothing was swapped');
      return commit.ended - first.began;
    },
  };
}

const watched = (database: Database, told: (ran: Ran) => void): Database => ({
  ...database,
  async open(purpose, signal) {
    const session = await database.open(purpose, signal);
    const run = session.run.bind(session);
    return Object.assign(session, {
      async run(...call: Parameters<typeof run>) {
        const began = performance.now();
        const answer = await run(...call);
        told({ sql: call[0], began, ended: performance.now() });
        return answer;
      },
    });
  },
});
