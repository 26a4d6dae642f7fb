/** Prepares the scripts by which somebody else brings a target to its newest migration. */
import { l10n, Uri, window, workspace } from 'vscode';
import { BundleRequest } from '../../server/protocol/environments';
import { saveFiles } from './applying';
import type { Command } from './command';
import { askEnvironment } from './environment';
import { tell } from './rehearsed';

export const prepareBundle: Command = {
  id: 'rehearsal.prepareBundle',
  async run(parts, chosen) {
    const there = await askEnvironment(parts, chosen);
    if (!there || !(await saveFiles(there.project))) return;
    const { project, environment } = there;
    const { name } = environment;
    const first = workspace.workspaceFolders?.[0]?.uri;
    const day = new Date().toISOString().slice(0, 10);
    const out = await window.showSaveDialog({
      title: l10n.t('Folder for the script bundle'),
      saveLabel: l10n.t('Prepare Here'),
      ...(first && { defaultUri: Uri.joinPath(first, `${name}-${day}`) }),
    });
    if (!out) return;
    const result = await parts.progress.show(l10n.t('Preparing a script bundle for {0}', name), (_, token) =>
      parts.environments.loggedIn(project.folder, name, (params) =>
        parts.client.sendRequest(BundleRequest, { ...params, out: out.toString() }, token),
      ),
    );
    switch (result?.kind) {
      case undefined:
        return;
      case 'nothing':
        void window.showInformationMessage(l10n.t('Nothing is pending in {0}.', name));
        return;
      case 'refused': {
        const { told, safer } = tell(result.found);
        const message = [l10n.t('No script bundle was made.'), ...told].join('\n');
        const pressed = await window.showErrorMessage(message, ...(safer ? [safer.button] : []));
        if (safer && pressed === safer.button) await safer.run();
        return;
      }
      case 'written':
        await window.showTextDocument(Uri.parse(result.readme));
    }
  },
};
