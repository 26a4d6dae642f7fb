/** Shows the schema before and after one migration, or after all pending ones. */
import { l10n } from 'vscode';
import { PreviewRequest } from '../../server/protocol/messages';
import { isNode } from '../views/node';
import type { Command } from './command';
import { askProject, migrationInEditor, migrationOf } from './subject';

export const previewChanges: Command = {
  id: 'rehearsal.previewChanges',
  async run(parts, chosen) {
    const { projects, progress, client, previews } = parts;
    // A row of a project means all that is pending there, whatever stands in the editor.
    const place = migrationOf(projects, chosen) ?? (isNode(chosen) ? undefined : migrationInEditor(projects));
    const project = place?.project ?? (await askProject(projects, chosen));
    if (!project) return;
    const uri = place?.migration.uri;
    const preview = await progress.show(l10n.t('Rehearsing for a preview'), (_, token) =>
      client.sendRequest(PreviewRequest, { folder: project.folder, ...(uri === undefined ? {} : { uri }) }, token),
    );
    await previews.show(uri ?? project.folder, preview);
  },
};
