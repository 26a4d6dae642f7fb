/** Throws a snapshot of the target away. */
import { l10n, window } from 'vscode';
import { DeleteSnapshotRequest } from '../../server/protocol/snapshots';
import { askConsent } from '../consent';
import type { Command } from './command';
import { askProject, askSnapshot } from './subject';
import { nameOf, sizeOf, timeOf } from '../words';

export const deleteSnapshot: Command = {
  id: 'rehearsal.deleteSnapshot',
  async run(parts, chosen) {
    const project = await askProject(parts.projects, chosen);
    if (!project) return;
    const { target, folder } = project;
    const placeHolder = l10n.t('Choose the snapshot of {0} to delete', target.label);
    const snapshot = await askSnapshot(parts, project, chosen, placeHolder);
    if (!snapshot) return;
    const { id, taken, reason, bytes } = snapshot;
    const consent = await askConsent(target, {
      asks: l10n.t('Delete the snapshot of {0} of {1}?', target.label, timeOf(taken)),
      detail: l10n.t(
        'Snapshot: {0} ({1}). It cannot be brought back; the database itself stays as it is.',
        reason,
        sizeOf(bytes),
      ),
      button: l10n.t('Delete Snapshot of {0}', nameOf(target)),
    });
    if (!consent) return;
    await parts.progress.show(l10n.t('Deleting a snapshot of {0}', nameOf(target)), (_, token) =>
      parts.client.sendRequest(DeleteSnapshotRequest, { ...consent, folder, id }, token),
    );
    void window.showInformationMessage(l10n.t('Deleted a snapshot of {0} ({1}).', nameOf(target), sizeOf(bytes)));
    await parts.projects.refresh();
  },
};
