/** Shows the schema before and after one migration, or after all pending ones. */
import { l10n } from 'vscode';
import { PreviewRequest } from '../../server/protocol/messages';
import type { Command } from './command';
import { askScope } from './subject';

export const previewChanges: Command = {
  id: 'rehearsal.previewChanges',
  async run(parts, chosen) {
    const { projects, progress, client, previews } = parts;
    const scope = await askScope(projects, chosen);
    if (!scope) return;
    const { project, ...named } = scope;
    const preview = await progress.show(l10n.t('Rehearsing for a preview'), (_, token) =>
      client.sendRequest(PreviewRequest, { folder: project.folder, ...named }, token),
    );
    await previews.show(named.uri ?? project.folder, preview);
  },
};
