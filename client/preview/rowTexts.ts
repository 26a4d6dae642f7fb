/** Rows of the target as a document that cannot be saved by accident, and is gone when it is closed. */
import { type Disposable, EventEmitter, Uri, window, workspace } from 'vscode';
import type { RowsResult } from '../../server/protocol/messages';

export interface RowTexts extends Disposable {
  /** The same title is the same document. */
  show(rows: RowsResult): Promise<void>;
}

export const rowsScheme = 'rehearsal-rows';

export function createRowTexts(): RowTexts {
  const texts = new Map<string, string>();
  const renewed = new EventEmitter<Uri>();
  const parts = [
    renewed,
    workspace.registerTextDocumentContentProvider(rowsScheme, {
      onDidChange: renewed.event,
      provideTextDocumentContent: (uri) => texts.get(uri.toString()) ?? '',
    }),
    workspace.onDidCloseTextDocument(({ uri }) => texts.delete(uri.toString())),
  ];
  return {
    async show({ title, text }) {
      const uri = Uri.from({ scheme: rowsScheme, path: `/${title.replaceAll('/', '_')}.txt` });
      texts.set(uri.toString(), text);
      renewed.fire(uri);
      await window.showTextDocument(await workspace.openTextDocument(uri), { preview: true });
    },
    dispose: () => parts.forEach((it) => it.dispose()),
  };
}
