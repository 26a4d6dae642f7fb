/** Applies the pending migrations up to and including one. */
import { applyTo, countOf } from './applying';
import type { Command } from './command';
import { askMigration } from './subject';

export const applyUpToHere: Command = {
  id: 'rehearsal.applyUpToHere',
  async run(parts, chosen) {
    const place = await askMigration(parts.projects, chosen, 'pending');
    if (!place) return;
    const { project, migration } = place;
    const pending = project.migrations.filter((it) => it.state === 'pending');
    const count = pending.findIndex((it) => it.version === migration.version) + 1;
    await applyTo(parts, project, { upTo: migration.version }, countOf(count));
  },
};
