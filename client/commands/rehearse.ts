/** Rehearses the migration of the row, the lens or the editor again, or all open ones. */
import { l10n, ProgressLocation, window } from 'vscode';
import { RehearseRequest } from '../../server/protocol/messages';
import type { Command } from './command';
import { migrationInEditor, migrationOf } from './subject';

export const rehearse: Command = {
  id: 'rehearsal.rehearse',
  async run({ client, projects }, chosen) {
    const uri = (migrationOf(projects, chosen) ?? migrationInEditor(projects))?.migration.uri;
    await window.withProgress({ location: ProgressLocation.Window, title: l10n.t('Rehearsing…') }, () =>
      client.sendRequest(RehearseRequest, uri === undefined ? {} : { uri }),
    );
  },
};
