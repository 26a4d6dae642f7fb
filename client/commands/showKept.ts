/** Shows the SQL that is kept of a migration which is applied and has no file here. */
import { migrationOf } from './subject';
import type { Command } from './command';

export const showKept: Command = {
  id: 'rehearsal.showKept',
  async run({ projects, keptDocuments }, chosen) {
    const place = migrationOf(projects, chosen);
    if (!place?.migration.kept) return;
    await keptDocuments.show(place.project.folder, place.migration.version, place.migration.title);
  },
};
