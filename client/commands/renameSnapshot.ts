/** Gives a snapshot a name, or takes it away. */
import { l10n, window } from 'vscode';
import { timeOf } from '../words';
import type { Command } from './command';
import { mark } from './marking';

export const renameSnapshot: Command = {
  id: 'rehearsal.renameSnapshot',
  run: (parts, chosen) =>
    mark(parts, chosen, l10n.t('Choose the snapshot to name'), async ({ taken, name }) => {
      const typed = await window.showInputBox({
        title: l10n.t('Name of the snapshot of {0}', timeOf(taken)),
        prompt: l10n.t('It is kept at the snapshot itself. Leave it empty for none.'),
        value: name ?? '',
      });
      return typed === undefined ? undefined : { name: typed };
    }),
};
