/** Applies the pending migrations up to and including one. */
import { applyUpTo } from './applying';
import type { Command } from './command';
import { askMigration } from './subject';

export const applyUpToHere: Command = {
  id: 'rehearsal.applyUpToHere',
  async run(parts, chosen) {
    const place = await askMigration(parts.projects, chosen, 'pending');
    if (!place) return;
    await applyUpTo(parts, place.project, place.migration.version);
  },
};
