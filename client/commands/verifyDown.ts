/** Runs a migration up and down again on a shadow, and says whether all is as it was. */
import { commands, l10n, window } from 'vscode';
import { type VerifiedItem, VerifyRequest } from '../../server/protocol/verify';
import { fullNameOf } from '../words';
import type { Command } from './command';
import { askScope } from './subject';

export const verifyDown: Command = {
  id: 'rehearsal.verifyDown',
  async run({ projects, progress, client, verifications }, chosen) {
    const scope = await askScope(projects, chosen);
    if (!scope) return;
    const { project, ...named } = scope;
    const told = await progress.show(l10n.t('Trying down scripts'), (_, token) =>
      client.sendRequest(VerifyRequest, { folder: project.folder, ...named }, token),
    );
    const [one, ...others] = told;
    if (one) verifications.show(told);
    if (!one) void window.showInformationMessage(l10n.t('No migration is pending on {0}.', project.target.label));
    else if (others.length > 0) tellAll(told);
    else await tellOne(one);
  },
};

/** A message has a few lines; the Test Explorer has all. */
const mostNamed = 3;

function tellAll(told: readonly VerifiedItem[]): void {
  const bad = told.filter(({ kind }) => kind !== 'exact');
  const message = l10n.t('{0} of {1} down scripts are exact.', told.length - bad.length, told.length);
  if (bad.length === 0) return void window.showInformationMessage(message);
  const more = bad.length - mostNamed;
  const named = [
    ...bad.slice(0, mostNamed).map((it) => `${fullNameOf(it)}: ${it.says}`),
    ...(more > 0 ? [l10n.t('and {0} more', more)] : []),
  ];
  void window.showWarningMessage(`${message} ${named.join('; ')}`);
}

async function tellOne(told: VerifiedItem): Promise<void> {
  const { uri, kind, says, details } = told;
  const message = [l10n.t('The way back of {0}: {1}', fullNameOf(told), says), ...details].join('. ');
  if (kind === 'exact') return void window.showInformationMessage(message);
  if (kind === 'loses' || kind === 'untried') return void window.showWarningMessage(message);
  const write = l10n.t('Write the Down Script…');
  if ((await window.showWarningMessage(message, write)) === write)
    await commands.executeCommand('rehearsal.writeDown', uri);
}
