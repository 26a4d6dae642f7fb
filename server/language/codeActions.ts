/** Quick fixes beside the diagnostics: one request for all that offer some. */
import { CodeActionKind } from 'vscode-languageserver/node';
import type { Feature } from './feature';
import { fixActions } from './fixes';
import { rangesIn } from './positions';
import { showRowsActions } from './rowsAtFault';

export const codeActions: Feature = {
  capabilities: { codeActionProvider: { codeActionKinds: [CodeActionKind.QuickFix] } },

  attach(connection, workspace, documents, checks) {
    connection.onCodeAction(({ textDocument: { uri }, range, context }) => {
      const [check, document] = [checks.current(uri), documents.get(uri)];
      if (!document || !check) return [];
      const rangeOf = rangesIn(document.getText());
      const versioned = workspace.client.workspace?.workspaceEdit?.documentChanges === true;
      const subject = { uri, ...(versioned ? { version: document.version } : {}) };
      return [
        ...fixActions(subject, check.findings, rangeOf, { range, diagnostics: context.diagnostics }),
        // An editor that does not know our command has nothing to show them with.
        ...(workspace.ours ? showRowsActions(uri, check.findings, rangeOf, range) : []),
      ];
    });
  },
};
