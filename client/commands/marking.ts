/** What the commands that write on a snapshot have in common: which one, what, and whether it may be. */
import { l10n } from 'vscode';
import { MarkSnapshotRequest, type SnapshotItem } from '../../server/protocol/snapshots';
import { askName } from '../consent';
import type { Parts } from '../parts';
import { askProject, askSnapshot } from './subject';

/** @param ask what to write; undefined when the user turned away */
export async function mark(
  parts: Parts,
  chosen: unknown,
  placeHolder: string,
  ask: (snapshot: SnapshotItem) => Promise<{ readonly name?: string; readonly pinned?: boolean } | undefined>,
): Promise<void> {
  const project = await askProject(parts.projects, chosen);
  if (!project) return;
  const { target, folder } = project;
  const snapshot = await askSnapshot(parts, project, chosen, placeHolder);
  const wanted = snapshot && (await ask(snapshot));
  if (!wanted) return;
  const consent = target.local
    ? { disconnect: false }
    : await askName(target, l10n.t('Write on a snapshot of {0}?', target.label));
  if (!consent) return;
  await parts.client.sendRequest(MarkSnapshotRequest, { ...consent, ...wanted, folder, id: snapshot.id });
}
