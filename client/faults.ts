/** Shows what went wrong together with the command that mends it. */
import { commands, extensions, type LogOutputChannel, l10n, window } from 'vscode';
import { LSPErrorCodes, ResponseError } from 'vscode-languageclient/node';
import type { FaultData } from '../server/protocol/messages';

/** @returns the fault's name when this is one of the server's faults */
export function faultOf(error: unknown): FaultData | undefined {
  if (!(error instanceof ResponseError)) return undefined;
  const data: unknown = error.data;
  return typeof data === 'object' && data !== null && 'fault' in data ? (data as FaultData) : undefined;
}

/** What the user cancelled is no trouble; a fault offers its remedy; anything else is ours and offers the log. */
export async function showTrouble(error: unknown, log: LogOutputChannel): Promise<void> {
  if (error instanceof ResponseError && error.code === LSPErrorCodes.RequestCancelled) return;
  const message = error instanceof Error ? error.message : String(error);
  const remedy = faultOf(error)?.remedy;
  if (faultOf(error) === undefined) log.error(error instanceof Error ? error : message);
  const offered = remedy ?? 'rehearsal.showLog';
  const title = titleOf(offered);
  if ((await window.showErrorMessage(message, title)) === title) await commands.executeCommand(offered);
}

/** A command's title as the palette shows it, in the user's language. */
export function titleOf(command: string): string {
  const manifest: unknown = extensions.getExtension('rehearsal.rehearsal')?.packageJSON;
  const titles = (manifest as Manifest | undefined)?.contributes.commands ?? [];
  return titles.find((it) => it.command === command)?.title ?? l10n.t('Mend');
}

interface Manifest {
  readonly contributes: { readonly commands: readonly { readonly command: string; readonly title: string }[] };
}
