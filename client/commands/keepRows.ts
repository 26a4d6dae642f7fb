/** Asks which tables keep their rows of now when a snapshot is restored. */
import { l10n, type QuickPickItem, QuickPickItemKind, window } from 'vscode';
import type { ProjectItem } from '../../server/protocol/messages';
import { type SnapshotItem, type TableSince, TablesSinceRequest } from '../../server/protocol/snapshots';
import type { Parts } from '../parts';
import { nameOf, timeOf } from '../words';

/** @returns the tables, perhaps none; undefined when the user turned away */
export async function askTablesToKeep(
  { client, progress }: Parts,
  { target, folder }: ProjectItem,
  { id, taken }: SnapshotItem,
): Promise<readonly string[] | undefined> {
  const since = await progress.show(l10n.t('Comparing rows of {0}', nameOf(target)), (_, token) =>
    client.sendRequest(TablesSinceRequest, { folder, id }, token),
  );
  const [free, held] = [since.filter((it) => it.obstacle === undefined), since.filter((it) => it.obstacle)];
  if (free.length === 0) {
    const because = held.map(({ table, obstacle }) => `${table}: ${obstacle}.`).join(' ');
    void window.showInformationMessage(
      l10n.t('Nothing that was written since {0} can be carried over. {1}', timeOf(taken), because).trim(),
    );
    return undefined;
  }
  const rows: readonly QuickPickItem[] = [
    ...free.map((it) => ({ label: it.table, description: countsOf(it), detail: consequencesOf(it) })),
    ...held.map(({ table, obstacle }) => ({ label: `${table}: ${obstacle}`, kind: QuickPickItemKind.Separator })),
  ];
  const picked = await window.showQuickPick(rows, {
    canPickMany: true,
    title: l10n.t('What was written since {0}', timeOf(taken)),
    placeHolder: l10n.t('Choose the tables that keep their rows of now'),
  });
  return picked?.map(({ label }) => label);
}

const countsOf = ({ added, changed, removed }: TableSince): string =>
  [
    added > 0 ? l10n.t('{0} new', added) : '',
    changed > 0 ? l10n.t('{0} changed', changed) : '',
    removed > 0 ? l10n.t('{0} deleted', removed) : '',
  ]
    .filter((it) => it !== '')
    .join(', ');

const consequencesOf = ({ keyed, lacking, orphaned }: TableSince): string =>
  [
    ...(keyed ? [] : [l10n.t('no primary key: as a whole only')]),
    ...lacking.map((it) => l10n.t('{0} refer to rows of {1} that the snapshot lacks', it.rows, it.table)),
    ...orphaned.map((it) => l10n.t('{0} of {1} in the snapshot refer to deleted ones', it.rows, it.table)),
  ].join('; ');
