/** Takes a snapshot of the target. */
import { l10n, window } from 'vscode';
import { SnapshotForecastRequest, SnapshotRequest } from '../../server/protocol/snapshots';
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
    const foreseen = await parts.client.sendRequest(SnapshotForecastRequest, { folder });
    const { bytes, ms, room, fits } = foreseen;
    const lasting = ms < 1_000 ? l10n.t('less than a second') : l10n.t('about {0} s', Math.round(ms / 1_000));
    const free = room ? l10n.t('{0} are free in {1}.', sizeOf(room.bytes), room.folder) : '';
    const question = {
      asks: l10n.t('Take a snapshot of {0}?', target.label),
      detail: [
        l10n.t('It is kept where the database is, takes {0}, and lasts {1}.', sizeOf(bytes), lasting),
        free,
        fits ? '' : l10n.t('That is not enough: free some space first.'),
      ]
        .filter((it) => it !== '')
        .join(' '),
      button: fits ? l10n.t('Snapshot {0}', nameOf(target)) : l10n.t('Snapshot {0} Anyway', nameOf(target)),
    };
    const consent = target.local && fits ? { disconnect: false } : await askConsent(target, question);
    if (!consent) return;
    const title = l10n.t('Taking a snapshot of {0} ({1})', nameOf(target), sizeOf(bytes));
    const result = await sendWith(consent, target, (agreed) =>
      parts.progress.show(title, (_, token) =>
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
