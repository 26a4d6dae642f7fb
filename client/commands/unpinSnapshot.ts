/** Lets a pinned snapshot go with the others again. */
import { l10n } from 'vscode';
import type { Command } from './command';
import { mark } from './marking';

export const unpinSnapshot: Command = {
  id: 'rehearsal.unpinSnapshot',
  run: (parts, chosen) =>
    mark(parts, chosen, l10n.t('Choose the snapshot to unpin'), () => Promise.resolve({ pinned: false })),
};
