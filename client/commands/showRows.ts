/** Shows the rows of the target that a diagnostic counts. Offered beside the diagnostic, which names them. */
import { l10n } from 'vscode';
import { RowsRequest } from '../../server/protocol/messages';
import type { Command } from './command';

export const showRows: Command = {
  id: 'rehearsal.showRows',
  async run({ client, progress, rowTexts }, uri, rows) {
    if (typeof uri !== 'string' || typeof rows !== 'string') return;
    const found = await progress.show(l10n.t('Reading rows'), (_, token) =>
      client.sendRequest(RowsRequest, { uri, rows }, token),
    );
    await rowTexts.show(found);
  },
};
