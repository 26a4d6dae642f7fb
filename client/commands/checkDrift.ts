/** Compares a database with what its applied migrations make. */
import { commands, l10n, window } from 'vscode';
import { toldIn } from '../views/driftNode';
import type { Command } from './command';
import { askDrift, namesOf, tellNone } from './drift';
import { askProject } from './subject';

export const checkDrift: Command = {
  id: 'rehearsal.checkDrift',
  async run(parts, chosen) {
    const project = await askProject(parts.projects, chosen);
    if (!project) return;
    const drift = await askDrift(parts, project);
    const told = toldIn(drift);
    if (told.length === 0) return tellNone(project);
    const show = l10n.t('Show');
    const says = l10n.t('{0} has drifted from its migrations: {1}.', project.target.label, namesOf(told));
    if ((await window.showWarningMessage([says, ...drift.doubts].join(' '), show)) === show)
      await commands.executeCommand('rehearsal.databases.focus');
  },
};
