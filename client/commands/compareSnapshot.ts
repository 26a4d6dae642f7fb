/** Shows what is other in the target now, or in another snapshot, than in a snapshot: row counts and schema as a diff. */
import { l10n, window } from 'vscode';
import { CompareSnapshotsRequest, ListSnapshotsRequest, type SnapshotItem } from '../../server/protocol/snapshots';
import { briefTimeOf, nameOf, timeOf } from '../words';
import type { Command } from './command';
import { askProject, askSnapshot } from './subject';

export const compareSnapshot: Command = {
  id: 'rehearsal.compareSnapshot',
  async run(parts, chosen) {
    const project = await askProject(parts.projects, chosen);
    if (!project) return;
    const { target, folder } = project;
    const earlier = await askSnapshot(parts, project, chosen, l10n.t('Choose the snapshot to compare'));
    if (!earlier) return;
    const snapshots = await parts.client.sendRequest(ListSnapshotsRequest, { folder });
    const rows: readonly { label: string; description: string; other?: SnapshotItem }[] = [
      { label: l10n.t('{0} as it is now', nameOf(target)), description: target.label },
      ...snapshots
        .filter(({ id }) => id !== earlier.id)
        .map((other) => ({ label: other.name ?? other.reason, description: timeOf(other.taken), other })),
    ];
    const picked = await window.showQuickPick(rows, { placeHolder: l10n.t('Compare it with…') });
    if (!picked) return;
    const { other } = picked;
    const request = { folder, id: earlier.id, ...(other ? { other: other.id } : {}) };
    const texts = await parts.progress.show(l10n.t('Comparing a snapshot of {0}', nameOf(target)), (_, token) =>
      parts.client.sendRequest(CompareSnapshotsRequest, request, token),
    );
    const [from, to] = [titleOf(earlier), other ? titleOf(other) : l10n.t('{0} as it is now', nameOf(target))];
    if (texts.before === texts.after) {
      const show = l10n.t('Show');
      const message = l10n.t('No differences between {0} and {1}.', from, to);
      if ((await window.showInformationMessage(message, show)) !== show) return;
    }
    await parts.previews.compare(`${folder}#${earlier.id}#${other?.id ?? ''}`, `${from} ↔ ${to}`, texts);
  },
};

const titleOf = ({ name, reason, taken }: SnapshotItem): string => `${name ?? reason} (${briefTimeOf(taken)})`;
