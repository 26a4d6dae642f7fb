/** Rows of the target as a document that cannot be saved by accident, and is gone when it is closed. */
import { type Disposable, Uri, window, workspace } from 'vscode';
import type { RowsResult } from '../../server/protocol/messages';
import { givenTexts } from './givenTexts';

export interface RowTexts extends Disposable {
  /** The same title is the same document. */
  show(rows: RowsResult): Promise<void>;
}

const rowsScheme = 'rehearsal-rows';

export function createRowTexts(): RowTexts {
  const texts = givenTexts(rowsScheme);
  const parts = [texts, workspace.onDidCloseTextDocument(({ uri }) => texts.forget(uri))];
  return {
    async show({ title, text }) {
      const uri = Uri.from({ scheme: rowsScheme, path: `/${title.replaceAll('/', '_')}.txt` });
      texts.put(uri, text);
      await window.showTextDocument(await workspace.openTextDocument(uri), { preview: true });
    },
    dispose: () => parts.forEach((it) => it.dispose()),
  };
}
