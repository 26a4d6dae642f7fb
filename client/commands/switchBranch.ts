/** Makes the target the database of the branch that is checked out; what it was is kept as that of the other one. */
import { l10n, window } from 'vscode';
import { BranchRequest, type BranchState, SwitchBranchRequest } from '../../server/protocol/branches';
import type { Consent, ProjectItem, TargetItem } from '../../server/protocol/messages';
import { askConsent, sendWith } from '../consent';
import type { Parts } from '../parts';
import type { Command } from './command';
import { askProject } from './subject';
import { nameOf, sizeOf, timeOf } from '../words';

export const switchBranch: Command = {
  id: 'rehearsal.switchBranch',
  async run(parts, chosen) {
    const project = await askProject(parts.projects, chosen);
    if (!project) return;
    const { target, folder } = project;
    const state = await parts.client.sendRequest(BranchRequest, { folder });
    const { branch } = state;
    if (branch === undefined) {
      void window.showInformationMessage(l10n.t('HEAD is detached: no branch is checked out.'));
      return;
    }
    if (state.fits === 'same') return tellSame(target, branch);
    const consent = await askConsent(target, {
      asks: l10n.t('Make {0} the database of the branch {1}?', target.label, branch),
      detail: detailOf(state, branch),
      button: l10n.t('Switch {0}', nameOf(target)),
    });
    if (consent) await switchWith(parts, project, branch, consent);
  },
};

/** @param branch that is checked out */
function detailOf({ fits, current, own, elsewhere }: BranchState, branch: string): string {
  const stays = l10n.t('It stays as it is, and says from now on which branch it belongs to.');
  if (fits === 'renamed') return stays;
  const kept =
    current === undefined
      ? l10n.t('Nobody knows which branch it belongs to now: it is kept as a snapshot.')
      : l10n.t('What it is now is kept for {0}.', current);
  if (own)
    return `${kept} ${l10n.t('The database of {0} was used last on {1} ({2}).', branch, timeOf(own.used), sizeOf(own.bytes))}`;
  if (current === undefined) return stays;
  const made = l10n.t('{0} has none yet: it gets a copy of that of the branch it was made from.', branch);
  return [kept, made, elsewhere === undefined ? '' : elsewhereOf(current, elsewhere)].filter(Boolean).join(' ');
}

/** Two windows would take it from each other. */
export const elsewhereOf = (current: string, folder: string): string =>
  l10n.t('{0} is checked out in {1}, which uses the same database.', current, folder);

const tellSame = (target: TargetItem, branch: string): void =>
  void window.showInformationMessage(l10n.t('{0} is the database of the branch {1}.', nameOf(target), branch));

export async function switchWith(
  parts: Parts,
  { target, folder }: ProjectItem,
  branch: string,
  consent: Consent,
): Promise<void> {
  const result = await sendWith(consent, target, (agreed) =>
    parts.progress.show(l10n.t('Switching {0} to another branch', nameOf(target)), (_, token) =>
      parts.client.sendRequest(SwitchBranchRequest, { ...agreed, folder, branch }, token),
    ),
  );
  if (!result) return;
  if (result.kind !== 'switched') return tellSame(target, branch);
  const { copiedFrom, ms } = result;
  const said =
    copiedFrom === undefined
      ? l10n.t('{0} is the database of the branch {1} now ({2} ms).', nameOf(target), branch, Math.round(ms))
      : l10n.t(
          '{0} is the database of the branch {1} now, a copy of that of {2} ({3} ms).',
          nameOf(target),
          branch,
          copiedFrom,
          Math.round(ms),
        );
  void window.showInformationMessage(said);
}
