/** Leaves what has drifted as it is, in a file that is reviewed, until it changes once more. */
import { l10n, window } from 'vscode';
import { IgnoreDriftRequest } from '../../server/protocol/drift';
import type { Command } from './command';
import { meant, namesOf } from './drift';

export const ignoreDrift: Command = {
  id: 'rehearsal.ignoreDrift',
  async run(parts, chosen) {
    const found = await meant(parts, chosen);
    if (!found) return;
    const { project, objects } = found;
    const reason = await window.showInputBox({
      title: l10n.t('Ignore the drift of {0}', namesOf(objects)),
      prompt: l10n.t('Why? It is written into .rehearsal/ignored-drift.json, for who reviews that.'),
      ignoreFocusOut: true,
    });
    if (reason === undefined) return;
    const ids = objects.map(({ id }) => id);
    await parts.client.sendRequest(IgnoreDriftRequest, { folder: project.folder, ids, reason });
  },
};
