/** Takes back on a database what has drifted: the statements and what they throw away are shown first. */
import { l10n, window, workspace } from 'vscode';
import { type DriftScriptResult, DriftScriptRequest, UndoDriftRequest } from '../../server/protocol/drift';
import type { ApplyResult, ProjectItem } from '../../server/protocol/messages';
import { askConsent, sendWith } from '../consent';
import { nameOf } from '../words';
import { detailOf } from './applying';
import type { Command } from './command';
import { meant, namesOf } from './drift';

export const undoDrift: Command = {
  id: 'rehearsal.undoDrift',
  async run(parts, chosen) {
    const found = await meant(parts, chosen);
    if (!found) return;
    const { project, objects, ids } = found;
    const { folder, target } = project;
    const script = await parts.progress.show(l10n.t('Looking for the way back'), (_, token) =>
      parts.client.sendRequest(DriftScriptRequest, { folder, way: 'undo', ...(ids ? { ids } : {}) }, token),
    );
    await window.showTextDocument(await workspace.openTextDocument({ language: 'sql', content: script.text }), {
      preview: true,
      preserveFocus: true,
    });
    const consent = await askConsent(target, {
      asks: l10n.t('Undo the drift of {0} on {1}?', namesOf(objects), target.label),
      detail: [lossesOf(script), l10n.t('The editor shows what is run.'), detailOf(project)]
        .filter((it) => it !== '')
        .join('\n\n'),
      button: l10n.t('Undo on {0}', nameOf(target)),
    });
    if (!consent) return;
    const wanted = { folder, ids: objects.map(({ id }) => id), text: script.text, snapshot: true };
    const result = await sendWith(consent, target, (agreed) =>
      parts.progress.show(l10n.t('Undoing drift on {0}', nameOf(target)), (progress, token) =>
        parts.client.sendRequest(UndoDriftRequest, { ...agreed, ...wanted, progress }, token),
      ),
    );
    if (result) tellEnd(project, result);
  },
};

const lossesOf = ({ losses }: DriftScriptResult): string =>
  losses.length === 0 ? '' : [l10n.t('This is lost:'), ...losses].join('\n');

function tellEnd({ target }: ProjectItem, result: Exclude<ApplyResult, { kind: 'busy' }>): void {
  switch (result.kind) {
    case 'done':
      void window.showInformationMessage(l10n.t('Undid the drift of {0}.', nameOf(target)));
      return;
    case 'refused':
      void window.showErrorMessage(`${result.message} ${result.state}`);
      return;
    case 'cancelled':
      void window.showWarningMessage(result.state);
      return;
    case 'nothing':
      return;
  }
}
