/** Gives single tables of the target the rows that a snapshot has of them. */
import { l10n, window } from 'vscode';
import { RestoreTablesRequest, type SnapshotTable, SnapshotTablesRequest } from '../../server/protocol/snapshots';
import { askConsent, sendWith } from '../consent';
import { nameOf, timeOf } from '../words';
import type { Command } from './command';
import { askProject, askSnapshot } from './subject';

export const restoreTables: Command = {
  id: 'rehearsal.restoreTables',
  async run(parts, chosen) {
    const { client, progress } = parts;
    const project = await askProject(parts.projects, chosen);
    if (!project) return;
    const { target, folder } = project;
    const placeHolder = l10n.t('Choose the snapshot that rows of {0} are restored from', target.label);
    const snapshot = await askSnapshot(parts, project, chosen, placeHolder);
    if (!snapshot) return;
    const { id, taken } = snapshot;
    const all = await progress.show(l10n.t('Counting rows of {0}', nameOf(target)), (_, token) =>
      client.sendRequest(SnapshotTablesRequest, { folder, id }, token),
    );
    const rows = all.map((it) => ({ label: it.table, description: countsOf(it), detail: columnsOf(it) }));
    const picked = await window.showQuickPick(rows, {
      canPickMany: true,
      placeHolder: l10n.t('Choose the tables that get their rows of {0} back', timeOf(taken)),
    });
    if (!picked || picked.length === 0) return;
    const tables = picked.map(({ label }) => label);
    const consent = await askConsent(target, {
      asks: l10n.t('Give {0} on {1} the rows of the snapshot of {2}?', tables.join(', '), target.label, timeOf(taken)),
      detail: [
        ...picked.map(({ label, description }) => `${label}: ${description}`),
        '',
        l10n.t('The schema stays as it is. A snapshot of all is taken first, so that it can be undone.'),
      ].join('\n'),
      button: l10n.t('Restore Rows of {0}', nameOf(target)),
    });
    if (!consent) return;
    const result = await sendWith(consent, target, (agreed) =>
      progress.show(l10n.t('Restoring rows of {0}', nameOf(target)), (_, token) =>
        client.sendRequest(RestoreTablesRequest, { ...agreed, folder, id, tables }, token),
      ),
    );
    if (!result) return;
    void window.showInformationMessage(
      l10n.t('Restored the rows of {0} in {1} ms.', result.tables.join(', '), Math.round(result.ms)),
    );
  },
};

const countsOf = ({ rowsThen, rowsNow }: SnapshotTable): string =>
  l10n.t('{0} rows in the place of {1}', rowsThen, rowsNow);

const columnsOf = ({ columnsLost, columnsNew }: SnapshotTable): string =>
  [
    columnsLost.length > 0 ? l10n.t('without {0}, which the table has no more', columnsLost.join(', ')) : '',
    columnsNew.length > 0 ? l10n.t('with the defaults of {0}', columnsNew.join(', ')) : '',
  ]
    .filter((it) => it !== '')
    .join('; ');
