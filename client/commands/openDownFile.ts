/** Opens the file with the down script of a migration. */
import { l10n, Uri, window } from 'vscode';
import type { Command } from './command';
import { migrationMeant } from './subject';

export const openDownFile: Command = {
  id: 'rehearsal.openDownFile',
  async run({ projects }, chosen) {
    const migration = migrationMeant(projects, chosen)?.migration;
    if (migration?.downUri !== undefined) await window.showTextDocument(Uri.parse(migration.downUri));
    else
      void window.showInformationMessage(
        l10n.t('This migration has no down file. The command Write the Down Script… looks for a way back.'),
      );
  },
};
