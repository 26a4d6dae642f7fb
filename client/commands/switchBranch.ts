/** Makes the target the database of the branch that is checked out; what it was is kept as that of the other one. */
import { l10n, window } from 'vscode';
import { BranchRequest, type BranchState, SwitchBranchRequest } from '../../server/protocol/branches';
import type { Consent, ProjectItem, TargetItem } from '../../server/protocol/messages';
import { askConsent, askName, sendWith } from '../consent';
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
    const found = await parts.client.sendRequest(BranchRequest, { folder });
    const { branch } = found;
    if (branch === undefined) {
      void window.showInformationMessage(l10n.t('HEAD is detached: no branch is checked out.'));
      return;
    }
    const state = found.fits === 'unclear' ? await askOwner(parts, project, { ...found, branch }) : found;
    if (!state) return;
    if (state.fits === 'same') return tellSame(target, branch);
    const consent = await askConsent(target, {
      asks: l10n.t('Make {0} the database of the branch {1}?', target.label, branch),
      detail: detailOf(state, branch),
      button: l10n.t('Switch {0}', nameOf(target)),
    });
    if (consent) await switchWith(parts, project, branch, consent);
  },
};

export const saysNothing = (target: TargetItem, branch: string): string =>
  l10n.t('{0} does not say which branch it belongs to; {1} is checked out.', nameOf(target), branch);

export const belongsTo = (branch: string): string => l10n.t('It Belongs to {0}', branch);

/**
 * Asks whose the target is, which stays as it is, and says so from now on.
 *
 * @returns what is known then; undefined when the user turned away
 */
export async function askOwner(
  { client }: Parts,
  { target, folder }: ProjectItem,
  { branch, defaultBranch }: BranchState & { readonly branch: string },
): Promise<BranchState | undefined> {
  const owners = new Set([defaultBranch ?? branch, branch]);
  const choices = [...owners].map((owner) => ({ title: belongsTo(owner), owner }));
  const chosen = await window.showInformationMessage(saysNothing(target, branch), ...choices);
  if (!chosen) return undefined;
  const { owner } = chosen;
  const asks = l10n.t('Make {0} the database of the branch {1}?', target.label, owner);
  const consent = target.local ? { disconnect: false } : await askName(target, asks);
  if (!consent) return undefined;
  await client.sendRequest(SwitchBranchRequest, { ...consent, folder, branch: owner, was: owner });
  return client.sendRequest(BranchRequest, { folder });
}

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
