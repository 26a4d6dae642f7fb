/** Takes a snapshot of the target. */
import { l10n, window } from 'vscode';
import { SnapshotRequest } from '../../server/protocol/messages';
import { askConsent, sendWith } from '../consent';
import type { Command } from './command';
import { askProject } from './subject';
import { nameOf, sizeOf } from '../words';

export const snapshotNow: Command = {
  id: 'rehearsal.snapshotNow',
  async run(parts, chosen) {
    const project = await askProject(parts.projects, chosen);
    if (!project) return;
    const { target, folder } = project;
    const question = {
      asks: l10n.t('Take a snapshot of {0}?', target.label),
      detail: l10n.t('It is kept where the database is and takes as much room.'),
      button: l10n.t('Snapshot {0}', nameOf(target)),
    };
    const consent = target.local ? { disconnect: false } : await askConsent(target, question);
    if (!consent) return;
    const result = await sendWith(consent, target, (agreed) =>
      parts.progress.show(l10n.t('Taking a snapshot of {0}', nameOf(target)), (_, token) =>
        parts.client.sendRequest(SnapshotRequest, { ...agreed, folder, reason: l10n.t('by hand') }, token),
      ),
    );
    if (!result) return;
    const size = sizeOf(result.snapshot.bytes);
    void window.showInformationMessage(
      l10n.t('Took a snapshot of {0} ({1}) in {2} ms.', nameOf(target), size, Math.round(result.ms)),
    );
    await parts.projects.refresh();
  },
};
