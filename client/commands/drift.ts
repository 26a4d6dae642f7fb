/** What the commands about drift have in common: which objects are meant, and how a title of them is found. */
import { l10n, window } from 'vscode';
import { type DriftedItem, type DriftItem, DriftRequest } from '../../server/protocol/drift';
import type { ProjectItem } from '../../server/protocol/messages';
import type { Parts } from '../parts';
import { isNode } from '../views/node';
import { toldIn } from '../views/driftNode';
import { nameOf } from '../words';
import { askProject } from './subject';

export interface Meant {
  readonly project: ProjectItem;
  readonly objects: readonly DriftedItem[];
  /** Undefined for all that is not ignored. */
  readonly ids: readonly string[] | undefined;
}

/** The object of the row, else all that has drifted. @returns undefined when nothing has, which is told */
export async function meant(parts: Parts, chosen: unknown): Promise<Meant | undefined> {
  if (isNode(chosen) && chosen.kind === 'drift')
    return { project: chosen.project, objects: [chosen.object], ids: [chosen.object.id] };
  const project = await askProject(parts.projects, chosen);
  if (!project) return undefined;
  const objects = toldIn(await askDrift(parts, project));
  if (objects.length > 0) return { project, objects, ids: undefined };
  tellNone(project);
  return undefined;
}

export const askDrift = (parts: Parts, project: ProjectItem): Promise<DriftItem> =>
  parts.progress.show(l10n.t('Comparing {0} with its migrations', nameOf(project.target)), (_, token) =>
    parts.client.sendRequest(DriftRequest, { folder: project.folder }, token),
  );

export const tellNone = ({ target }: ProjectItem): void =>
  void window.showInformationMessage(l10n.t('{0} is what its applied migrations make.', target.label));

/** `TABLE public.orders`, or how many there are. */
export function namesOf(objects: readonly DriftedItem[]): string {
  const [first] = objects;
  if (first && objects.length === 1) return `${first.type} ${first.name}`;
  return l10n.t('{0} objects', objects.length);
}
