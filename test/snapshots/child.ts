/** Takes, restores or drops a snapshot in a process of its own, so that a test can kill it. */
import { plainParameters, withDatabase } from '../../server/engine/database/parameters';
import { serverDatabase } from '../../server/engine/database/serverDatabase';
import { exchangeBranches } from '../../server/engine/snapshots/branchCopies';
import { dropSnapshot, restoreSnapshot, restoreTablesOf, takeSnapshot } from '../../server/engine/snapshots/snapshots';
import type { ServerTarget, Surroundings } from '../../server/engine/snapshots/target';

export interface Errand {
  readonly place: Parameters<typeof plainParameters>[0];
  readonly storage: string;
  readonly what:
    | { readonly kind: 'take' }
    | { readonly kind: 'restore'; readonly id: string; readonly carry?: readonly string[] }
    | { readonly kind: 'tables'; readonly id: string; readonly tables: readonly string[] }
    | { readonly kind: 'branch'; readonly branch: string }
    | { readonly kind: 'drop'; readonly id: string };
}

async function run({ place, storage, what }: Errand): Promise<void> {
  const parameters = plainParameters(place);
  const target: ServerTarget = {
    kind: 'server',
    database: serverDatabase(parameters, ''),
    sibling: (name) => serverDatabase(withDatabase(parameters, name), ''),
  };
  const { signal } = new AbortController();
  const around: Surroundings = { storage, now: () => new Date(), log: () => {}, signal };
  const order = { version: undefined, disconnect: true };
  switch (what.kind) {
    case 'take':
      await takeSnapshot(target, { ...order, reason: 'to be killed' }, around);
      break;
    case 'restore': {
      const { id, carry: tables } = what;
      const known = { history: 'schema_migrations', touched: () => undefined };
      await restoreSnapshot(target, id, { ...order, ...(tables && { carry: { tables, known } }) }, around);
      break;
    }
    case 'tables':
      await restoreTablesOf(target, what.id, { ...order, tables: what.tables, history: 'schema_migrations' }, around);
      break;
    case 'branch':
      await exchangeBranches(target, { ...order, branch: what.branch, formerly: [], was: 'main', origins: [] }, around);
      break;
    case 'drop':
      await dropSnapshot(target, what.id, around);
  }
}

const [, , errand] = process.argv;
if (errand !== undefined) void run(JSON.parse(errand));
