/** Language status: how the last rehearsal of the file in the editor went. */
import { type Disposable, l10n, languages, LanguageStatusSeverity, type LanguageStatusItem, Uri, window } from 'vscode';
import type { LanguageClient } from 'vscode-languageclient/node';
import { type RehearsalState, RehearsalStateChanged } from '../../server/protocol/messages';
import { titleOf } from '../faults';

export function showLanguageStatus(client: LanguageClient): Disposable & { readonly item: LanguageStatusItem } {
  const states = new Map<string, RehearsalState>();
  const item = languages.createLanguageStatusItem('rehearsal.rehearsal', []);
  item.name = l10n.t('Rehearsal');
  const redraw = (): void => drawIn(item, states);
  const parts = [
    item,
    window.onDidChangeActiveTextEditor(redraw),
    client.onNotification(RehearsalStateChanged, (state) => {
      states.set(keyOf(Uri.parse(state.uri)), state);
      redraw();
    }),
  ];
  return { item, dispose: () => parts.forEach((it) => it.dispose()) };
}

const keyOf = (uri: Uri): string => uri.toString();

function drawIn(item: LanguageStatusItem, states: ReadonlyMap<string, RehearsalState>): void {
  const uri = window.activeTextEditor?.document.uri;
  const state = uri && states.get(keyOf(uri));
  // An empty selector hides it: a file that was never rehearsed has nothing to tell.
  item.selector = state ? { scheme: uri.scheme, pattern: uri.fsPath.replaceAll(/[[\]{}*?]/g, '?') } : [];
  if (state) tell(item, state);
}

function tell(item: LanguageStatusItem, state: RehearsalState): void {
  item.busy = state.kind === 'running';
  item.command = offer('rehearsal.rehearse', state.uri);
  item.severity = LanguageStatusSeverity.Information;
  item.detail = '';
  switch (state.kind) {
    case 'running':
      item.text = l10n.t('Rehearsing…');
      return;
    case 'rehearsed':
      item.text = l10n.t('Rehearsed in {0} ms', Math.round(state.ms));
      item.detail = state.rehearsedOn;
      if (state.errors > 0) item.severity = LanguageStatusSeverity.Error;
      return;
    case 'failed':
      item.text = l10n.t('Not rehearsed');
      item.detail = state.message;
      item.severity = LanguageStatusSeverity.Warning;
      if (state.remedy !== undefined) item.command = offer(state.remedy);
  }
}

const offer = (command: string, ...args: string[]): { command: string; title: string; arguments: string[] } => ({
  command,
  title: titleOf(command),
  arguments: args,
});
