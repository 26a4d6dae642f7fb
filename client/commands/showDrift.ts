/** Shows one object that has drifted: as the migrations make it, and as it is. */
import { l10n } from 'vscode';
import { isNode } from '../views/node';
import type { Command } from './command';

export const showDrift: Command = {
  id: 'rehearsal.showDrift',
  async run({ previews }, chosen) {
    if (!isNode(chosen) || chosen.kind !== 'drift') return;
    const { project, object } = chosen;
    const { type, name, before = '', after = '' } = object;
    const title = l10n.t('{0} {1}: as its migrations make it ↔ as it is', type, name);
    await previews.compare(`${project.folder}#${type} ${name}`, title, { before, after });
  },
};
