/** Runs a migration up and down again on a shadow, and says whether all is as it was. */
import { commands, l10n, window } from 'vscode';
import { VerifyRequest } from '../../server/protocol/verify';
import type { VerdictSummary } from '../../server/protocol/verdicts';
import type { Command } from './command';
import { askScope } from './subject';

export const verifyDown: Command = {
  id: 'rehearsal.verifyDown',
  async run({ projects, progress, client }, chosen) {
    const scope = await askScope(projects, chosen);
    if (!scope) return;
    const { project, ...named } = scope;
    const told = await progress.show(l10n.t('Trying down scripts'), (_, token) =>
      client.sendRequest(VerifyRequest, { folder: project.folder, ...named }, token),
    );
    const [one, ...others] = told;
    if (!one) void window.showInformationMessage(l10n.t('No migration is pending on {0}.', project.target.label));
    else if (others.length > 0) tellAll(told);
    else await tellOne(one);
  },
};

function tellAll(told: readonly VerdictSummary[]): void {
  const bad = told.filter(({ kind }) => kind !== 'exact').length;
  const message = l10n.t('{0} of {1} down scripts are exact.', told.length - bad, told.length);
  void (bad === 0 ? window.showInformationMessage(message) : window.showWarningMessage(message));
}

async function tellOne({ uri, kind, says, details }: VerdictSummary & { readonly uri: string }): Promise<void> {
  const message = [l10n.t('The way back: {0}', says), ...details].join('. ');
  if (kind === 'exact') return void window.showInformationMessage(message);
  if (kind === 'loses' || kind === 'untried') return void window.showWarningMessage(message);
  const write = l10n.t('Write the Down Script…');
  if ((await window.showWarningMessage(message, write)) === write)
    await commands.executeCommand('rehearsal.writeDown', uri);
}
