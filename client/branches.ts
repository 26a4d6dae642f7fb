/** Offers to exchange the database when another branch has been checked out. */
import { type Disposable, l10n, Uri, window } from 'vscode';
import { BranchMoved, type BranchMovement } from '../server/protocol/branches';
import type { ProjectItem } from '../server/protocol/messages';
import { askOwner, belongsTo, elsewhereOf, saysNothing, switchWith } from './commands/switchBranch';
import { askName } from './consent';
import { showTrouble } from './faults';
import type { Parts } from './parts';
import { nameOf } from './words';

export function followBranches(parts: Parts): Disposable {
  /** Several folders of migrations may be for one database. */
  const open = new Set<string>();
  return parts.client.onNotification(BranchMoved, (moved) => {
    const wanted = Uri.parse(moved.folder).fsPath;
    const project = parts.projects.current.find((it) => Uri.parse(it.folder).fsPath === wanted);
    if (!project) return;
    const offered = offerOf(project, moved);
    if (open.has(offered.message)) return;
    open.add(offered.message);
    void (moved.fits === 'unclear' ? offerFirst(parts, project, moved) : offer(parts, project, offered))
      .catch((error: unknown) => showTrouble(error, parts.log))
      .finally(() => open.delete(offered.message));
  });
}

interface Offer {
  readonly branch: string;
  readonly message: string;
  readonly button: string;
  /** For where the name of the target is typed. */
  readonly asks: string;
}

/** The button says what it does, so only a target elsewhere is asked for again. */
async function offer(parts: Parts, project: ProjectItem, { branch, message, button, asks }: Offer): Promise<void> {
  const { target } = project;
  if ((await window.showInformationMessage(message, button)) !== button) return;
  const consent = target.local ? { disconnect: false } : await askName(target, asks);
  if (consent) await switchWith(parts, project, branch, consent);
}

/** Whose it is has to be known before another one takes its place. */
async function offerFirst(parts: Parts, project: ProjectItem, moved: BranchMovement): Promise<void> {
  const state = await askOwner(parts, project, moved);
  if (state?.branch !== undefined && state.fits === 'other')
    await offer(parts, project, offerOf(project, { ...state, folder: moved.folder, branch: state.branch }));
}

function offerOf({ target }: ProjectItem, { branch, current, own, elsewhere }: BranchMovement): Offer {
  const name = nameOf(target);
  const asks = l10n.t('Make {0} the database of the branch {1}?', target.label, branch);
  const change = l10n.t('Switch {0}', name);
  if (current === undefined) {
    const message = saysNothing(target, branch);
    return { branch, message, asks, button: own ? change : belongsTo(branch) };
  }
  const moved = own
    ? l10n.t('{0} is the database of {1}. {2} is checked out, and has one of its own.', name, current, branch)
    : l10n.t('{0} is the database of {1}. {2} is checked out, and has none yet.', name, current, branch);
  const message = elsewhere === undefined ? moved : `${moved} ${elsewhereOf(current, elsewhere)}`;
  return { branch, message, asks, button: own ? change : l10n.t('Make One and Switch') };
}
