/** Pins a snapshot: it stays until somebody deletes it. */
import { l10n } from 'vscode';
import type { Command } from './command';
import { mark } from './marking';

export const pinSnapshot: Command = {
  id: 'rehearsal.pinSnapshot',
  run: (parts, chosen) =>
    mark(parts, chosen, l10n.t('Choose the snapshot to pin'), () => Promise.resolve({ pinned: true })),
};
