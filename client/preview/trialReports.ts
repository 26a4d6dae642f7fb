/** Reports of trials as pages that are only read: drawn by VS Code's own Markdown preview. */
import { commands, type Disposable, Uri } from 'vscode';
import { givenTexts } from './givenTexts';

export interface TrialReports extends Disposable {
  /** @param target what was tried out; its next report takes the place of this one */
  show(target: string, markdown: string): Promise<void>;
}

const trialScheme = 'rehearsal-trial';

export function createTrialReports(): TrialReports {
  // Its preview goes on when the document itself is closed.
  const texts = givenTexts(trialScheme);
  return {
    async show(target, markdown) {
      const uri = Uri.from({ scheme: trialScheme, path: `/Trial of ${target.replaceAll('/', '_')}.md` });
      texts.put(uri, markdown);
      await commands.executeCommand('markdown.showPreview', uri);
    },
    dispose: () => texts.dispose(),
  };
}
