/** The schema before and after, side by side in VS Code's own diff editor. */
import { commands, type Disposable, l10n, Uri, window, workspace } from 'vscode';
import type { PreviewResult } from '../../server/protocol/messages';
import { givenTexts } from './givenTexts';

export interface Previews extends Disposable {
  /** @param subject what is previewed, as a URI; previewing it again renews the diff that is open */
  show(subject: string, preview: PreviewResult): Promise<void>;
  /** Two texts side by side. */
  compare(subject: string, title: string, texts: { readonly before: string; readonly after: string }): Promise<void>;
}

const previewScheme = 'rehearsal-preview';

export function createPreviews(): Previews {
  const texts = givenTexts(previewScheme);
  const parts = [texts, workspace.onDidCloseTextDocument(({ uri }) => texts.forget(uri))];
  const put = (side: string, subject: string, text: string): Uri => {
    const uri = Uri.from({ scheme: previewScheme, path: `/${side}.sql`, query: subject });
    texts.put(uri, text);
    return uri;
  };
  const compare: Previews['compare'] = async (subject, title, shown) => {
    const [before, after] = [put('before', subject, shown.before), put('after', subject, shown.after)];
    await commands.executeCommand('vscode.diff', before, after, title, { preview: true });
  };
  return {
    compare,
    async show(subject, preview) {
      if (preview.before === preview.after) {
        void window.showInformationMessage(unchanged(preview));
        return;
      }
      await compare(subject, titleOf(preview), preview);
    },
    dispose: () => parts.forEach((it) => it.dispose()),
  };
}

function unchanged({ title, refused, errors }: PreviewResult): string {
  if (refused === 1)
    return l10n.t('{0}: the schema stays as it is, for 1 statement is refused or not rehearsed.', title);
  if (refused > 0)
    return l10n.t('{0}: the schema stays as it is, for {1} statements are refused or not rehearsed.', title, refused);
  return errors === 0
    ? l10n.t('{0}: the schema stays as it is.', title)
    : l10n.t('{0}: the schema stays as it is, and the rehearsal has found errors.', title);
}

function titleOf({ title, refused, errors }: PreviewResult): string {
  if (refused === 1) return l10n.t('{0}: schema before ↔ after, without 1 statement refused or not rehearsed', title);
  if (refused > 0)
    return l10n.t('{0}: schema before ↔ after, without {1} statements refused or not rehearsed', title, refused);
  if (errors === 0) return l10n.t('{0}: schema before ↔ after', title);
  return errors === 1
    ? l10n.t('{0}: schema before ↔ after, which 1 error keeps it from', title)
    : l10n.t('{0}: schema before ↔ after, which {1} errors keep it from', title, errors);
}
