/** Which environment a command is about: that of the row, or the one picked. */
import { l10n, window } from 'vscode';
import type { EnvironmentItem } from '../../server/protocol/environments';
import type { ProjectItem } from '../../server/protocol/messages';
import type { Parts } from '../parts';
import { isNode } from '../views/node';
import { askProject } from './subject';

export interface There {
  readonly project: ProjectItem;
  readonly environment: EnvironmentItem;
}

export async function askEnvironment(parts: Parts, arg: unknown): Promise<There | undefined> {
  if (isNode(arg) && 'environment' in arg) return arg;
  const project = await askProject(parts.projects, arg);
  if (!project) return undefined;
  const all = await parts.environments.of(project.folder);
  if (all.length === 0) {
    const message = l10n.t(
      'No environment is configured: name them in the setting rehearsal.environments or in .rehearsal/environments.json.',
    );
    void window.showInformationMessage(message);
    return undefined;
  }
  const rows = all.map((environment) => ({
    label: environment.name,
    description: environment.target.label,
    environment,
  }));
  const picked = await window.showQuickPick(rows, { placeHolder: l10n.t('Choose an environment') });
  return picked && { project, environment: picked.environment };
}
