/** Rewrites a migration so that running it again changes nothing, and says what came of running it twice. */
import { l10n, Uri, window, workspace, WorkspaceEdit } from 'vscode';
import { MakeIdempotentRequest } from '../../server/protocol/idempotence';
import { rangeOf } from '../ranges';
import { isNode } from '../views/node';
import type { Command } from './command';
import { migrationOf } from './subject';

export const makeIdempotent: Command = {
  id: 'rehearsal.makeIdempotent',
  async run({ projects, progress, client }, chosen) {
    await projects.first;
    const row = isNode(chosen) ? migrationOf(projects, chosen)?.migration.uri : undefined;
    const uri = row ?? (chosen instanceof Uri ? chosen : window.activeTextEditor?.document.uri)?.toString();
    if (uri === undefined || !migrationOf(projects, uri)) {
      void window.showInformationMessage(
        l10n.t('This is no migration. Open the file of one, or choose one in the view Migrations.'),
      );
      return;
    }
    const document = await workspace.openTextDocument(Uri.parse(uri));
    const { version } = document;
    const made = await progress.show(l10n.t('Running the migration twice'), (_, token) =>
      client.sendRequest(MakeIdempotentRequest, { uri }, token),
    );
    if (document.version !== version) {
      void window.showWarningMessage(l10n.t('The file was edited meanwhile. Nothing was rewritten.'));
      return;
    }
    if (made.edits.length > 0) {
      await window.showTextDocument(document);
      const edit = new WorkspaceEdit();
      for (const { range, newText } of made.edits) edit.replace(document.uri, rangeOf(range), newText);
      await workspace.applyEdit(edit);
    }
    const isSo = made.verdict === 'already' || made.verdict === 'rewritten';
    void (isSo ? window.showInformationMessage(made.says) : window.showWarningMessage(made.says));
  },
};
