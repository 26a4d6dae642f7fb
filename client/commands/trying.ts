/** What is done with a copy on which migrations were tried out: opened with psql, thrown away. */
import { env, l10n, window } from 'vscode';
import type { ProjectItem } from '../../server/protocol/messages';
import { DeleteTrialRequest, PsqlRequest } from '../../server/protocol/trial';
import { askName } from '../consent';
import type { Parts } from '../parts';

/** In a terminal that runs psql and nothing else: the password stands in no command line and in no shell's history. */
export async function openPsql({ client }: Parts, { folder }: ProjectItem, name: string): Promise<void> {
  const { words, environment } = await client.sendRequest(PsqlRequest, { folder, name });
  window.createTerminal({ name: `psql ${name}`, shellPath: 'psql', shellArgs: [...words], env: environment }).show();
}

/** It asks for the password. */
export async function copyPsqlCommand({ client }: Parts, { folder }: ProjectItem, name: string): Promise<void> {
  const { line } = await client.sendRequest(PsqlRequest, { folder, name });
  await env.clipboard.writeText(line);
  void window.showInformationMessage(l10n.t('Copied: {0}', line));
}

/** @returns false when the user turned away */
export async function throwAway({ client }: Parts, { folder, target }: ProjectItem, name: string): Promise<boolean> {
  const consent = target.local
    ? { disconnect: false }
    : await askName(target, l10n.t('Throw away a copy of {0}?', target.label));
  if (!consent) return false;
  await client.sendRequest(DeleteTrialRequest, { ...consent, folder, name });
  return true;
}
