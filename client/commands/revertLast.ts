/** Runs the down script of the newest applied migration. */
import { l10n, window } from 'vscode';
import { MayRevertRequest, RevertRequest } from '../../server/protocol/messages';
import { errorsIn, firstErrorIn } from '../rehearsalErrors';
import { askConsent, sendWith } from '../consent';
import { detailOf, saveFiles, tellEnd } from './applying';
import type { Command } from './command';
import { showProblem } from './rehearsed';
import { askProject } from './subject';
import { foundOf, fullNameOf, nameOf } from '../words';

export const revertLast: Command = {
  id: 'rehearsal.revertLast',
  async run(parts, chosen) {
    const project = await askProject(parts.projects, chosen);
    if (!project) return;
    const { target, folder } = project;
    const last = project.migrations.find((it) => it.last);
    if (!last) {
      void window.showInformationMessage(l10n.t('No migration of this folder is applied to {0}.', target.label));
      return;
    }
    if (!(await saveFiles(project))) return;
    const versions = [last.version];
    await parts.progress.show(l10n.t('Looking at {0}', nameOf(target)), (_, token) =>
      parts.client.sendRequest(MayRevertRequest, { folder, versions }, token),
    );
    const name = fullNameOf(last);
    const found = foundOf(errorsIn(last));
    const first = firstErrorIn(last);
    const consent = await askConsent(target, {
      asks: l10n.t('Revert {0} on {1}?', name, target.label),
      detail: `${found === '' ? '' : `${l10n.t('The rehearsal found {0}.', found)}\n\n`}${detailOf(project)}`,
      ...(first
        ? {
            button: l10n.t('Revert Anyway'),
            safer: { button: l10n.t('Show Errors'), run: () => showProblem(first) },
          }
        : { button: l10n.t('Revert on {0}', nameOf(target)) }),
    });
    if (!consent) return;
    const result = await sendWith(consent, target, (agreed) =>
      parts.progress.show(l10n.t('Reverting {0} on {1}', name, nameOf(target)), (progress, token) =>
        parts.client.sendRequest(RevertRequest, { ...agreed, folder, versions, snapshot: true, progress }, token),
      ),
    );
    if (result) await tellEnd(parts, project, result, (count) => l10n.t('Reverted {0} on {1}', count, nameOf(target)));
  },
};
