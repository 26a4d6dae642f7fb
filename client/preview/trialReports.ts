/** Reports of trials as pages that are only read: drawn by VS Code's own Markdown preview. */
import { commands, type Disposable, EventEmitter, Uri, workspace } from 'vscode';

export interface TrialReports extends Disposable {
  /** @param target what was tried out; its next report takes the place of this one */
  show(target: string, markdown: string): Promise<void>;
}

export const trialScheme = 'rehearsal-trial';

export function createTrialReports(): TrialReports {
  const texts = new Map<string, string>();
  const renewed = new EventEmitter<Uri>();
  const parts = [
    renewed,
    workspace.registerTextDocumentContentProvider(trialScheme, {
      onDidChange: renewed.event,
      provideTextDocumentContent: (uri) => texts.get(uri.toString()) ?? '',
    }),
  ];
  return {
    async show(target, markdown) {
      const uri = Uri.from({ scheme: trialScheme, path: `/Trial of ${target.replaceAll('/', '_')}.md` });
      texts.set(uri.toString(), markdown);
      renewed.fire(uri);
      await commands.executeCommand('markdown.showPreview', uri);
    },
    dispose: () => parts.forEach((it) => it.dispose()),
  };
}
