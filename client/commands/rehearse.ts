/** Rehearses the migration of the row, the lens or the editor again, or all open ones. */
import { l10n, ProgressLocation, window } from 'vscode';
import { RehearseRequest, type RehearseResult } from '../../server/protocol/messages';
import type { Command } from './command';
import { migrationMeant } from './subject';
import { errorsOf, warningsOf } from '../words';

export const rehearse: Command = {
  id: 'rehearsal.rehearse',
  async run({ client, projects }, chosen) {
    const uri = migrationMeant(projects, chosen)?.migration.uri;
    const result = await window.withProgress({ location: ProgressLocation.Window, title: l10n.t('Rehearsing…') }, () =>
      client.sendRequest(RehearseRequest, uri === undefined ? {} : { uri }),
    );
    window.setStatusBarMessage(textOf(result), shownMs);
  },
};

/** Long enough to be read beside other work, in milliseconds. */
const shownMs = 6_000;

/** Where nothing has changed, this alone shows that something was done. */
function textOf({ rehearsed, failed, errors, warnings }: RehearseResult): string {
  if (rehearsed === 0)
    return failed === 0 ? l10n.t('No migration is open. Open one to have it rehearsed.') : l10n.t('Not rehearsed');
  const found = [...(errors === 0 ? [] : [errorsOf(errors)]), ...(warnings === 0 ? [] : [warningsOf(warnings)])];
  const problems = found.length === 0 ? l10n.t('no problems') : found.join(', ');
  return rehearsed === 1
    ? l10n.t('Rehearsed 1 file: {0}', problems)
    : l10n.t('Rehearsed {0} files: {1}', rehearsed, problems);
}
