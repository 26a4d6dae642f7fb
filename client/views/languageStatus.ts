/** Language status: how the last rehearsal of the file in the editor went. */
import { type Disposable, l10n, languages, LanguageStatusSeverity, type LanguageStatusItem, window } from 'vscode';
import { titleOf } from '../faults';
import { type KnownState, linesOf, type Rehearsals } from '../rehearsals';

export function showLanguageStatus(rehearsals: Rehearsals): Disposable & { readonly item: LanguageStatusItem } {
  const item = languages.createLanguageStatusItem('rehearsal.rehearsal', []);
  item.name = l10n.t('Rehearsal');
  const redraw = (): void => drawIn(item, rehearsals);
  const parts = [item, window.onDidChangeActiveTextEditor(redraw), rehearsals.onDidChange(redraw)];
  return { item, dispose: () => parts.forEach((it) => it.dispose()) };
}

function drawIn(item: LanguageStatusItem, rehearsals: Rehearsals): void {
  const uri = window.activeTextEditor?.document.uri;
  const state = uri && rehearsals.of(uri);
  // An empty selector hides it: a file that was never rehearsed has nothing to tell.
  item.selector = state ? { scheme: uri.scheme, pattern: uri.fsPath.replaceAll(/[[\]{}*?]/g, '?') } : [];
  if (state) tell(item, state);
}

function tell(item: LanguageStatusItem, state: KnownState): void {
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
      item.detail = linesOf(state).join(' · ');
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
