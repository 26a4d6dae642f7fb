/** Which migrations are applied, pending, edited since, or passed over? */
import { Fault } from '../base/fault';
import { unlessUnreadable } from '../base/unlessUnreadable';
import type { HistoryState } from '../history/history';
import type { Migration } from '../layouts/migration';
import type { MigrationState } from '../project';
import type { Ground } from './ground';
import { type ReadMigration, wholeText } from './links';
import { unreadUp } from './unread';

export function stateOf(ground: Ground, history: HistoryState, read: ReadMigration): MigrationState {
  const { migration, link } = read;
  const state = history.applied(migration);
  if (state !== 'applied') return state;
  if (wasPassedOver(ground, migration)) return 'skipped';
  // What cannot be read is said by itself; whether it is another text, nobody knows.
  if (unreadUp(read)) return 'applied';
  const { text } = link.up;
  const file = read.files.get(link.up.path);
  return history.edited(migration, file ? wholeText(file) : text) || ground.texts.edited(migration.version, text)
    ? 'edited'
    : 'applied';
}

/** golang-migrate records only how far it came: a file that appears below that later was never run. */
function wasPassedOver({ folder, texts }: Ground, { version }: Migration): boolean {
  if (folder.layout.name !== 'golang-migrate' || texts.knows(version)) return false;
  const at = folder.migrations.findIndex((it) => it.version === version);
  return folder.migrations.slice(at + 1).some((later) => texts.knows(later.version));
}

/** Of those that are applied, what is on the disk now, unless an earlier look has remembered them. */
export function rememberApplied(ground: Ground, history: HistoryState, migrations: readonly ReadMigration[]): void {
  const { texts, world } = ground;
  const applied = migrations.filter(
    ({ migration }) => history.applied(migration) === 'applied' && !wasPassedOver(ground, migration),
  );
  try {
    const entry = ({ migration, link }: ReadMigration) =>
      [migration.version, () => unlessUnreadable(() => world.disk.read(link.up.path))] as const;
    texts.remember(new Map(applied.map(entry)));
  } catch (error) {
    // Nothing but the state `edited` depends on it.
    if (!(error instanceof Fault)) throw error;
    world.log(error.message);
  }
}
