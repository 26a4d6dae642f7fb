/** Migrations that are programs, in Python or Ruby: what of ours there is for them in the editor, and the SQL they stand for. */
import {
  BulkRegistration,
  CodeActionRequest,
  CodeLensRequest,
  type Connection,
  DidChangeTextDocumentNotification,
  DidCloseTextDocumentNotification,
  DidOpenTextDocumentNotification,
  DidSaveTextDocumentNotification,
  HoverRequest,
  InlayHintRequest,
  TextDocumentSyncKind,
} from 'vscode-languageserver/node';
import { basename } from 'node:path';
import { Fault } from '../engine/base/fault';
import { layouts } from '../engine/layouts/all';
import { SqlRequest } from '../protocol/messages';
import { inBackground } from './background';
import { codeActions } from './codeActions';
import type { Feature } from './feature';
import { reply } from './reply';
import { pathOf } from './uri';

const programs = layouts.flatMap(({ program }) => program ?? []);

/** Globs of all of them, and of what else their tools read. */
export const programPatterns: readonly string[] = programs.flatMap(({ documents, watched }) => [
  documents.pattern,
  ...watched,
]);

/**
 * Other extensions format, complete and outline them: they are not offered for all that SQL is offered for.
 *
 * @param connection to an editor that registers what it was not promised at the start
 */
export async function offerForPrograms(connection: Connection): Promise<void> {
  const documentSelector = programs.map(({ documents }) => ({ scheme: 'file', ...documents }));
  const registration = BulkRegistration.create();
  registration.add(DidOpenTextDocumentNotification.type, { documentSelector });
  registration.add(DidChangeTextDocumentNotification.type, {
    documentSelector,
    syncKind: TextDocumentSyncKind.Incremental,
  });
  registration.add(DidSaveTextDocumentNotification.type, { documentSelector, includeText: false });
  registration.add(DidCloseTextDocumentNotification.type, { documentSelector });
  registration.add(CodeLensRequest.type, { documentSelector, resolveProvider: false });
  registration.add(HoverRequest.type, { documentSelector });
  registration.add(InlayHintRequest.type, { documentSelector });
  registration.add(CodeActionRequest.type, { documentSelector, ...codeActionOptions() });
  await connection.client.register(registration);
}

function codeActionOptions() {
  const { codeActionProvider } = codeActions.capabilities;
  return typeof codeActionProvider === 'object' ? codeActionProvider : {};
}

export const programFiles: Feature = {
  capabilities: {},

  attach(connection, workspace, documents, checks) {
    // What is on the disk is what the tool reads.
    const saved = async (path: string): Promise<void> => {
      const project = await workspace.projectOf(path);
      if (!project?.folder.layout.program) return;
      workspace.changed('projects');
      await checks.recheck();
    };
    documents.onSave(({ uri }) => inBackground(connection, saved(pathOf(uri) ?? uri)));
    connection.onRequest(
      SqlRequest,
      reply(async ({ uri }) => {
        const path = pathOf(uri) ?? uri;
        const asked = (await workspace.projectOf(path))?.folder.asked?.get(path);
        if (!asked) throw new Fault('no-such-migration', `${basename(path)} is none whose SQL its tool has told.`);
        return { text: asked.sql };
      }),
    );
  },
};
