/** The SQL that a migration in Python or Ruby stands for, as a document beside it: the server has it from its tool. */
import { type Disposable, EventEmitter, Uri, ViewColumn, window, workspace } from 'vscode';
import type { LanguageClient } from 'vscode-languageclient/node';
import { SqlRequest } from '../../server/protocol/messages';
import type { Projects } from '../projects';

export interface SqlDocuments extends Disposable {
  /** @param uri of the migration's file */
  show(uri: string): Promise<void>;
}

const sqlScheme = 'rehearsal-sql';

export function createSqlDocuments(client: LanguageClient, projects: Projects): SqlDocuments {
  const renewed = new EventEmitter<Uri>();
  const parts = [
    renewed,
    workspace.registerTextDocumentContentProvider(sqlScheme, {
      onDidChange: renewed.event,
      provideTextDocumentContent: async ({ query }) => (await client.sendRequest(SqlRequest, { uri: query })).text,
    }),
    projects.onDidChange(() => {
      for (const { uri } of workspace.textDocuments) if (uri.scheme === sqlScheme) renewed.fire(uri);
    }),
  ];
  return {
    async show(uri) {
      const document = await workspace.openTextDocument(
        Uri.from({ scheme: sqlScheme, path: `${Uri.parse(uri).path}.sql`, query: uri }),
      );
      await window.showTextDocument(document, { viewColumn: ViewColumn.Beside, preserveFocus: true, preview: true });
    },
    dispose: () => parts.forEach((it) => it.dispose()),
  };
}
