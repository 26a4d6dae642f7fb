/** The SQL that is kept of a migration which is applied and has no file here, as a document that is only read. */
import { type Disposable, Uri, window, workspace } from 'vscode';
import type { LanguageClient } from 'vscode-languageclient/node';
import { KeptSqlRequest } from '../../server/protocol/drift';

export interface KeptDocuments extends Disposable {
  /** @param folder URI of the project */
  show(folder: string, version: string, title: string): Promise<void>;
}

const keptScheme = 'rehearsal-kept';

export function createKeptDocuments(client: LanguageClient): KeptDocuments {
  const provider = workspace.registerTextDocumentContentProvider(keptScheme, {
    async provideTextDocumentContent({ query, fragment }) {
      return (await client.sendRequest(KeptSqlRequest, { folder: query, version: fragment })).text;
    },
  });
  return {
    async show(folder, version, title) {
      const name = [version, title].filter((it) => it !== '').join('_');
      const uri = Uri.from({ scheme: keptScheme, path: `/${name}.sql`, query: folder, fragment: version });
      await window.showTextDocument(await workspace.openTextDocument(uri), { preview: true });
    },
    dispose: () => provider.dispose(),
  };
}
