/** The copies of trials that are still there: looked at with psql, or thrown away. */
import { l10n, window } from 'vscode';
import { ListTrialsRequest } from '../../server/protocol/trial';
import { nameOf, sizeOf, timeOf } from '../words';
import type { Command } from './command';
import { askProject } from './subject';
import { copyPsqlCommand, openPsql, throwAway } from './trying';

export const trialCopies: Command = {
  id: 'rehearsal.trialCopies',
  async run(parts, chosen) {
    const project = await askProject(parts.projects, chosen);
    if (!project) return;
    const copies = await parts.client.sendRequest(ListTrialsRequest, { folder: project.folder });
    if (copies.length === 0) {
      void window.showInformationMessage(l10n.t('There is no copy of a trial of {0}.', nameOf(project.target)));
      return;
    }
    const rows = copies.map(({ name, begun, bytes, finished }) => ({
      label: name,
      description: `${timeOf(begun)} · ${sizeOf(bytes)}`,
      detail: finished ? '' : l10n.t('Its trial is going on, or was cut off.'),
      name,
    }));
    const picked = await window.showQuickPick(rows, { placeHolder: l10n.t('Choose a copy') });
    if (!picked) return;
    const [psql, copy, discard] = [l10n.t('Open with psql'), l10n.t('Copy psql Command'), l10n.t('Throw Away')];
    const done = await window.showQuickPick([psql, copy, discard], { placeHolder: picked.name });
    if (done === psql) await openPsql(parts, project, picked.name);
    if (done === copy) await copyPsqlCommand(parts, project, picked.name);
    if (done === discard && (await throwAway(parts, project, picked.name)))
      void window.showInformationMessage(l10n.t('Threw away {0}.', picked.name));
  },
};
