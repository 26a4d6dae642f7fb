/** Applies one migration: that of the row, the file or the lens, or the one picked. */
import { fullNameOf } from '../words';
import { applyTo } from './applying';
import type { Command } from './command';
import { askMigration } from './subject';

export const apply: Command = {
  id: 'rehearsal.apply',
  async run(parts, chosen) {
    const place = await askMigration(parts.projects, chosen, 'pending');
    if (!place) return;
    const { project, migration } = place;
    await applyTo(parts, project, { only: migration.version }, fullNameOf(migration));
  },
};
