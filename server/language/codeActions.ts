/** Quick fixes beside the diagnostics: one request for all that offer some. */
import { dirname, join } from 'node:path';
import {
  type CodeActionContext,
  CodeActionKind,
  CodeActionTriggerKind,
  MessageType,
  ShowMessageNotification,
  type ShowMessageParams,
} from 'vscode-languageserver/node';
import { Fault } from '../engine/base/fault';
import { inBackground } from './background';
import type { Feature } from './feature';
import { fixActions } from './fixes';
import { idempotenceActions, rewriting } from './idempotence';
import { isDeferred, orderActions, resolved } from './orderActions';
import { rangesIn } from './positions';
import { reply } from './reply';
import { showRowsActions } from './rowsAtFault';
import { pathOf, uriOf } from './uri';
import { writeDownActions } from './verifying';

export const codeActions: Feature = {
  capabilities: {
    codeActionProvider: {
      codeActionKinds: [CodeActionKind.QuickFix, CodeActionKind.RefactorRewrite],
      resolveProvider: true,
    },
  },

  attach(connection, workspace, documents, checks) {
    const show = (type: MessageType, message: string): void => {
      const says: ShowMessageParams = { type, message };
      inBackground(connection, connection.sendNotification(ShowMessageNotification.type, says));
    };
    connection.onCodeAction(
      reply(async ({ textDocument: { uri }, range, context }) => {
        const [check, document] = [checks.states.current(uri), documents.get(uri)];
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
          // The bulb is no place for what can be done everywhere.
          ...(project?.folder.layout.program === undefined && project && versioned
            ? idempotenceActions({ uri, version: document.version }, check.findings, rangeOf, asked).filter(
                ({ kind }) => kind === CodeActionKind.QuickFix || isRefactoringAsked(context),
              )
            : []),
          // An editor that does not know our command has nothing to show them with.
          ...(workspace.ours ? showRowsActions(uri, check.findings, rangeOf, range) : []),
          ...(workspace.ours ? writeDownActions(uri, checks.verdicts.of(pathOf(uri) ?? '')) : []),
        ];
      }),
    );
    connection.onCodeActionResolve(
      reply(async (action, signal) => {
        try {
          const { data } = action;
          if (!isDeferred(data)) return action;
          if (data.does !== 'idempotent') {
            const open = documents.get(data.uri)?.getText() ?? '';
            const { warning, ...answer } = await resolved(workspace, data, open, signal);
            if (warning !== undefined) show(MessageType.Warning, warning);
            return { ...action, ...answer };
          }
          const { uri, version } = data;
          const { edits, says, verdict } = await rewriting(workspace, uri, signal);
          const isSo = verdict === 'already' || verdict === 'rewritten';
          show(isSo ? MessageType.Info : MessageType.Warning, says);
          return { ...action, edit: { documentChanges: [{ textDocument: { uri, version }, edits: [...edits] }] } };
        } catch (error) {
          // Of a refused answer editors say nothing at all.
          if (!(error instanceof Fault)) throw error;
          show(MessageType.Error, error.message);
          return action;
        }
      }),
    );
  },
};

const isRefactoringAsked = ({ only = [], triggerKind }: CodeActionContext): boolean =>
  triggerKind === CodeActionTriggerKind.Invoked || only.some((it) => it.startsWith(CodeActionKind.Refactor));
