/** Puts a snapshot in the place of the target; the replaced database is kept as a snapshot of its own. */
import { l10n, window } from 'vscode';
import { type Consent, type ProjectItem, RestoreRequest } from '../../server/protocol/messages';
import { askConsent, askName, sendWith } from '../consent';
import type { Parts } from '../parts';
import type { Command } from './command';
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
    const consent = await askConsent(target, {
      asks: l10n.t('Restore {0} to the snapshot of {1}?', target.label, timeOf(snapshot.taken)),
      detail: l10n.t('Snapshot: {0}. The database as it is now is kept as a snapshot of its own.', snapshot.reason),
      button: l10n.t('Restore {0}', nameOf(target)),
    });
    if (consent) await restoreWith(parts, project, snapshot.id, consent);
  },
};

/** After a failed apply: the button has said what it does, so only a target elsewhere is asked for again. */
export async function restore(parts: Parts, project: ProjectItem, id: string): Promise<void> {
  const { target } = project;
  const consent = target.local
    ? { disconnect: false }
    : await askName(target, l10n.t('Restore the snapshot on {0}?', target.label));
  if (consent) await restoreWith(parts, project, id, consent);
}

async function restoreWith(parts: Parts, project: ProjectItem, id: string, consent: Consent): Promise<void> {
  const { target, folder } = project;
  const result = await sendWith(consent, target, (agreed) =>
    parts.progress.show(l10n.t('Restoring {0}', nameOf(target)), (_, token) =>
      parts.client.sendRequest(RestoreRequest, { ...agreed, folder, id }, token),
    ),
  );
  if (!result) return;
  void window.showInformationMessage(
    l10n.t('Restored {0} in {1} ms. What it replaced is a snapshot.', nameOf(target), Math.round(result.ms)),
  );
}
