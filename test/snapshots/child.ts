/** Takes or restores a snapshot in a process of its own, so that a test can kill it. */
import { plainParameters, withDatabase } from '../../server/engine/database/parameters';
import { serverDatabase } from '../../server/engine/database/serverDatabase';
import { restoreSnapshot, takeSnapshot } from '../../server/engine/snapshots/snapshots';
import type { ServerTarget, Surroundings } from '../../server/engine/snapshots/target';

export interface Errand {
  readonly place: Parameters<typeof plainParameters>[0];
  readonly storage: string;
  /** Id of the snapshot to be restored; a new one is taken when there is none. */
  readonly restore: string | undefined;
}

async function run({ place, storage, restore }: Errand): Promise<void> {
  const parameters = plainParameters(place);
  const target: ServerTarget = {
    kind: 'server',
    database: serverDatabase(parameters, ''),
    sibling: (name) => serverDatabase(withDatabase(parameters, name), ''),
  };
  const { signal } = new AbortController();
  const around: Surroundings = { storage, now: () => new Date(), log: () => {}, signal };
  const order = { version: undefined, disconnect: true };
  const done = await (restore === undefined
    ? takeSnapshot(target, { ...order, reason: 'to be killed' }, around)
    : restoreSnapshot(target, restore, order, around));
  process.stdout.write(`${JSON.stringify(done)}\n`);
}

const [, , errand] = process.argv;
if (errand !== undefined) void run(JSON.parse(errand));
