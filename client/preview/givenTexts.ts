/** Texts that VS Code shows as documents which are only read; one that is given anew takes the place of the former one. */
import { type Disposable, EventEmitter, type Uri, workspace } from 'vscode';

export interface GivenTexts extends Disposable {
  put(uri: Uri, text: string): void;
  forget(uri: Uri): void;
}

export function givenTexts(scheme: string): GivenTexts {
  const texts = new Map<string, string>();
  const renewed = new EventEmitter<Uri>();
  const parts = [
    renewed,
    workspace.registerTextDocumentContentProvider(scheme, {
      onDidChange: renewed.event,
      provideTextDocumentContent: (uri) => texts.get(uri.toString()) ?? '',
    }),
  ];
  return {
    put(uri, text) {
      texts.set(uri.toString(), text);
      renewed.fire(uri);
    },
    forget: (uri) => void texts.delete(uri.toString()),
    dispose: () => parts.forEach((it) => it.dispose()),
  };
}
