/** Rehearses what is pending in an environment, with the schema of its target, and says what was found. */
import { l10n, window } from 'vscode';
import { RehearseThereRequest, type RehearsedThere } from '../../server/protocol/environments';
import type { Parts } from '../parts';
import { countOf } from './applying';
import type { Command } from './command';
import { askEnvironment, type There } from './environment';
import { tell } from './rehearsed';

export const rehearseThere: Command = {
  id: 'rehearsal.rehearseThere',
  async run(parts, chosen) {
    const there = await askEnvironment(parts, chosen);
    const rehearsed = there && (await rehearsedAt(parts, there));
    if (!rehearsed) return;
    const { name } = there.environment;
    const { pending, rehearsedOn, found } = rehearsed;
    if (pending.length === 0) {
      void window.showInformationMessage(l10n.t('Nothing is pending in {0}.', name));
      return;
    }
    const { told, safer } = tell(found);
    const what = l10n.t('{0} rehearsed for {1}, on {2}.', countOf(pending.length), name, rehearsedOn);
    const message = [what, ...(told.length === 0 ? [l10n.t('Nothing is against it.')] : told)].join('\n');
    if (!safer) void window.showInformationMessage(message);
    else if ((await window.showErrorMessage(message, safer.button)) === safer.button) await safer.run();
  },
};

export const rehearsedAt = (
  { client, environments, progress }: Parts,
  { project: { folder }, environment: { name } }: There,
): Promise<RehearsedThere | undefined> =>
  progress.show(l10n.t('Rehearsing for {0}', name), (_, token) =>
    environments.loggedIn(folder, name, (params) => client.sendRequest(RehearseThereRequest, params, token)),
  );
