/** Quick fixes beside the diagnostics: one request for all that offer some. */
import { dirname, join } from 'node:path';
import {
  CodeActionKind,
  MessageType,
  ShowMessageNotification,
  type ShowMessageParams,
} from 'vscode-languageserver/node';
import { Fault } from '../engine/base/fault';
import { inBackground } from './background';
import type { Feature } from './feature';
import { fixActions } from './fixes';
import { isDeferred, orderActions, resolved } from './orderActions';
import { rangesIn } from './positions';
import { reply } from './reply';
import { showRowsActions } from './rowsAtFault';
import { pathOf, uriOf } from './uri';

export const codeActions: Feature = {
  capabilities: { codeActionProvider: { codeActionKinds: [CodeActionKind.QuickFix], resolveProvider: true } },

  attach(connection, workspace, documents, checks) {
    connection.onCodeAction(
      reply(async ({ textDocument: { uri }, range, context }) => {
        const [check, document] = [checks.current(uri), documents.get(uri)];
        if (!document || !check) return [];
        const rangeOf = rangesIn(document.getText());
        const edits = workspace.client.workspace?.workspaceEdit;
        const versioned = edits?.documentChanges === true;
        const beside = (path: string) => {
          const file = join(dirname(pathOf(uri) ?? ''), path);
          return { uri: uriOf(file), rangeOf: rangesIn(workspace.files.read(file) ?? '') };
        };
        const subject = { uri, beside, ...(versioned ? { version: document.version } : {}) };
        const asked = { range, diagnostics: context.diagnostics };
        const project = await workspace.projectOf(pathOf(uri) ?? '');
        const mayMove =
          versioned && ['create', 'rename'].every((it) => edits.resourceOperations?.some((op) => op === it));
        return [
          ...fixActions(subject, check.findings, rangeOf, asked),
          ...(project && mayMove
            ? orderActions(project, { uri, version: document.version }, check.findings, rangeOf, asked)
            : []),
          // An editor that does not know our command has nothing to show them with.
          ...(workspace.ours ? showRowsActions(uri, check.findings, rangeOf, range) : []),
        ];
      }),
    );
    connection.onCodeActionResolve(
      reply(async (action, signal) => {
        try {
          return isDeferred(action.data) ? { ...action, edit: await resolved(workspace, action.data, signal) } : action;
        } catch (error) {
          // Of a refused answer editors say nothing at all.
          if (!(error instanceof Fault)) throw error;
          const says: ShowMessageParams = { type: MessageType.Error, message: error.message };
          inBackground(connection, connection.sendNotification(ShowMessageNotification.type, says));
          return action;
        }
      }),
    );
  },
};
