/** Puts a snapshot in the place of the target; the replaced database is kept as a snapshot of its own. */
import { l10n, window } from 'vscode';
import type { Consent, ProjectItem } from '../../server/protocol/messages';
import { RestoreRequest, type SnapshotItem } from '../../server/protocol/snapshots';
import { askConsent, askName, sendWith } from '../consent';
import type { Parts } from '../parts';
import type { Command } from './command';
import { askTablesToKeep } from './keepRows';
import { askProject, askSnapshot } from './subject';
import { nameOf, timeOf } from '../words';

export const revertToSnapshot: Command = {
  id: 'rehearsal.revertToSnapshot',
  async run(parts, chosen) {
    const project = await askProject(parts.projects, chosen);
    if (!project) return;
    const { target } = project;
    const placeHolder = l10n.t('Choose the snapshot that takes the place of {0}', target.label);
    const snapshot = await askSnapshot(parts, project, chosen, placeHolder);
    if (!snapshot) return;
    const asks = l10n.t('Restore {0} to the snapshot of {1}?', target.label, timeOf(snapshot.taken));
    const detail = l10n.t(
      'Snapshot: {0}. The database as it is now is kept as a snapshot of its own.',
      snapshot.reason,
    );
    const consent = await askConsent(target, {
      asks,
      detail,
      button: l10n.t('Restore {0}', nameOf(target)),
      also: { button: l10n.t('Restore, Keep Rows…'), run: () => restoreKeeping(parts, project, snapshot) },
    });
    if (consent) await restoreWith(parts, project, snapshot.id, { ...consent });
  },
};

/** Rows that were written since, in tables that no migration has touched, are carried over. */
async function restoreKeeping(parts: Parts, project: ProjectItem, snapshot: SnapshotItem): Promise<void> {
  const { target } = project;
  const carry = await askTablesToKeep(parts, project, snapshot);
  if (!carry || carry.length === 0) return;
  const consent = await askConsent(target, {
    asks: l10n.t('Restore {0} to the snapshot of {1}?', target.label, timeOf(snapshot.taken)),
    detail: [
      l10n.t('These tables keep their rows of now: {0}.', carry.join(', ')),
      l10n.t('All or nothing is done. The database as it is now is kept as a snapshot of its own.'),
    ].join('\n\n'),
    button: l10n.t('Restore {0}', nameOf(target)),
  });
  if (consent) await restoreWith(parts, project, snapshot.id, { ...consent, carry });
}

/** After a failed apply: the button has said what it does, so only a target elsewhere is asked for again. */
export async function restore(parts: Parts, project: ProjectItem, id: string): Promise<void> {
  const { target } = project;
  const consent = target.local
    ? { disconnect: false }
    : await askName(target, l10n.t('Restore the snapshot on {0}?', target.label));
  if (consent) await restoreWith(parts, project, id, consent);
}

interface Restoring extends Consent {
  readonly carry?: readonly string[];
}

async function restoreWith(parts: Parts, project: ProjectItem, id: string, wanted: Restoring): Promise<void> {
  const { target, folder } = project;
  const { carry, ...consent } = wanted;
  const request = { folder, id, ...(carry ? { carry } : {}) };
  const result = await sendWith(consent, target, (agreed) =>
    parts.progress.show(l10n.t('Restoring {0}', nameOf(target)), (_, token) =>
      parts.client.sendRequest(RestoreRequest, { ...agreed, ...request }, token),
    ),
  );
  if (!result) return;
  void window.showInformationMessage(
    l10n.t('Restored {0} in {1} ms. What it replaced is a snapshot.', nameOf(target), Math.round(result.ms)),
  );
}
