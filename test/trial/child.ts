/** Tries migrations out in a process of its own, so that a test can kill it. */
import { Fault } from '../../server/engine/base/fault';
import { plainParameters, withDatabase } from '../../server/engine/database/parameters';
import { serverDatabase } from '../../server/engine/database/serverDatabase';
import type { ServerTarget } from '../../server/engine/snapshots/target';
import { loadParser } from '../../server/engine/sql/parse';
import { tryOut } from '../../server/engine/trial/trial';
import type { Afterwards } from '../../server/engine/trials';
import { jobOn } from '../apply/support';

export interface Errand {
  readonly place: Parameters<typeof plainParameters>[0];
  readonly storage: string;
  /** Of bundled workers. */
  readonly assets: string;
  readonly source: string;
  readonly afterwards: Afterwards;
}

async function run({ place, storage, assets, source, afterwards }: Errand): Promise<void> {
  await loadParser();
  const parameters = plainParameters(place);
  const target: ServerTarget = {
    kind: 'server',
    database: serverDatabase(parameters, assets),
    sibling: (name) => serverDatabase(withDatabase(parameters, name), assets),
  };
  const job = jobOn(target.database, storage, 'golang-migrate', source);
  const order = { from: 'auto', afterwards, disconnect: true, version: undefined, versions: job.versions } as const;
  const alone = <T>(work: () => Promise<T>): Promise<T> => work();
  const around = { storage, now: () => new Date(), log: () => {}, signal: job.signal, alone };
  const done = await tryOut(target, order, job, around);
  process.stdout.write(`${JSON.stringify(done)}\n`);
}

const [, , errand] = process.argv;
if (errand !== undefined) run(JSON.parse(errand)).catch(tell);

/** The server went away: the test looks at what was left behind. */
function tell(cause: unknown): void {
  if (!(cause instanceof Fault)) throw cause;
  process.stdout.write(`${cause.message}\n`);
}
