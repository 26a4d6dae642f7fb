/** Makes a new migration of what has drifted, and records it as applied to the database that has it. */
import { l10n, Uri, window, workspace } from 'vscode';
import { RecordAppliedRequest, WriteDriftRequest } from '../../server/protocol/drift';
import { askConsent } from '../consent';
import { nameOf } from '../words';
import type { Command } from './command';
import { meant, namesOf } from './drift';

export const migrationOfDrift: Command = {
  id: 'rehearsal.migrationOfDrift',
  async run(parts, chosen) {
    const found = await meant(parts, chosen);
    if (!found) return;
    const { project, objects, ids } = found;
    const { folder, target } = project;
    const title = await window.showInputBox({
      title: l10n.t('A migration of {0}', namesOf(objects)),
      prompt: l10n.t('What is it called?'),
      value: objects.length === 1 ? (objects[0]?.name.replaceAll(/\W+/g, ' ').trim() ?? '') : '',
      ignoreFocusOut: true,
    });
    if (!title) return;
    const { uri } = await parts.progress.show(l10n.t('Looking for the statements'), (_, token) =>
      parts.client.sendRequest(WriteDriftRequest, { folder, title, ...(ids ? { ids } : {}) }, token),
    );
    await window.showTextDocument(await workspace.openTextDocument(Uri.parse(uri)));
    const consent = await askConsent(target, {
      asks: l10n.t('Record it as applied to {0}?', target.label),
      detail: l10n.t(
        '{0} has all of it already, so it must not run there. Its history is written, and nothing else.',
        nameOf(target),
      ),
      button: l10n.t('Record as Applied'),
    });
    if (consent) await parts.client.sendRequest(RecordAppliedRequest, { ...consent, folder, uri });
  },
};
