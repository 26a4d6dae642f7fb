/** Applies every pending migration of a project. */
import { l10n, window } from 'vscode';
import { applyTo, countOf } from './applying';
import type { Command } from './command';
import { askProject } from './subject';

export const applyAllPending: Command = {
  id: 'rehearsal.applyAllPending',
  async run(parts, chosen) {
    const project = await askProject(parts.projects, chosen);
    if (!project) return;
    const count = project.migrations.filter((it) => it.state === 'pending').length;
    if (count > 0) await applyTo(parts, project, {}, countOf(count));
    else void window.showInformationMessage(l10n.t('No migration is pending on {0}.', project.target.label));
  },
};
