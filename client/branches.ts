/** Offers to exchange the database when another branch has been checked out. */
import { type Disposable, l10n, Uri, window } from 'vscode';
import { BranchMoved, type BranchState } from '../server/protocol/branches';
import type { ProjectItem } from '../server/protocol/messages';
import { elsewhereOf, switchWith } from './commands/switchBranch';
import { askName } from './consent';
import { showTrouble } from './faults';
import type { Parts } from './parts';
import { nameOf } from './words';

export const followBranches = (parts: Parts): Disposable =>
  parts.client.onNotification(BranchMoved, ({ folder, ...state }) => {
    const wanted = Uri.parse(folder).fsPath;
    const project = parts.projects.current.find((it) => Uri.parse(it.folder).fsPath === wanted);
    if (project) void offer(parts, project, state).catch((error: unknown) => showTrouble(error, parts.log));
  });

/** The button says what it does, so only a target elsewhere is asked for again. */
async function offer(parts: Parts, project: ProjectItem, state: BranchState): Promise<void> {
  const { branch, own } = state;
  const { target } = project;
  if (branch === undefined) return;
  const button = own ? l10n.t('Switch {0}', nameOf(target)) : l10n.t('Make One and Switch');
  const pressed = await window.showInformationMessage(messageOf(project, state, branch), button);
  if (pressed !== button) return;
  const title = l10n.t('Make {0} the database of the branch {1}?', target.label, branch);
  const consent = target.local ? { disconnect: false } : await askName(target, title);
  if (consent) await switchWith(parts, project, consent);
}

function messageOf({ target }: ProjectItem, { current, own, elsewhere }: BranchState, branch: string): string {
  const name = nameOf(target);
  if (current === undefined)
    return l10n.t('{0} does not say which branch it belongs to; {1} is checked out.', name, branch);
  const moved = own
    ? l10n.t('{0} is the database of {1}. {2} is checked out, and has one of its own.', name, current, branch)
    : l10n.t('{0} is the database of {1}. {2} is checked out, and has none yet.', name, current, branch);
  return elsewhere === undefined ? moved : `${moved} ${elsewhereOf(current, elsewhere)}`;
}
