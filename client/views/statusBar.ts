/** Status bar: the target of the migration at hand and how much is pending; a warning colour when the target is elsewhere. */
import {
  type Disposable,
  l10n,
  MarkdownString,
  StatusBarAlignment,
  type StatusBarItem,
  ThemeColor,
  window,
} from 'vscode';
import type { ProjectItem } from '../../server/protocol/messages';
import type { Projects } from '../projects';

export function showStatusBar(projects: Projects): Disposable & { readonly item: StatusBarItem } {
  const item = window.createStatusBarItem('rehearsal.target', StatusBarAlignment.Left, 10);
  item.name = l10n.t('Rehearsal: target database');
  item.command = 'rehearsal.chooseDatabase';
  const redraw = (): void => drawIn(item, projectAtHand(projects));
  const parts = [item, projects.onDidChange(redraw), window.onDidChangeActiveTextEditor(redraw)];
  return { item, dispose: () => parts.forEach((it) => it.dispose()) };
}

/** The project of the file in the editor, else the first. */
function projectAtHand(projects: Projects): ProjectItem | undefined {
  const uri = window.activeTextEditor?.document.uri.toString();
  return (uri === undefined ? undefined : projects.find(uri)?.project) ?? projects.current[0];
}

function drawIn(item: StatusBarItem, project: ProjectItem | undefined): void {
  if (!project) {
    item.hide();
    return;
  }
  const { target, migrations, fault, label } = project;
  const pending = migrations.filter((it) => it.state === 'pending').length;
  const state = fault ? l10n.t('does not answer') : l10n.t('{0} pending', pending);
  item.text = `$(database) ${target.name} · ${state}`;
  const elsewhere = target.local ? '' : l10n.t('Not on this machine: changes are confirmed by name.');
  const lines = [target.label, fault?.message ?? target.server, `${label}: ${state}`, target.because, elsewhere];
  const tooltip = new MarkdownString();
  for (const line of lines.filter((it) => it !== '')) tooltip.appendText(line).appendMarkdown('\n\n');
  item.tooltip = tooltip;
  item.backgroundColor = target.local ? undefined : new ThemeColor('statusBarItem.warningBackground');
  item.accessibilityInformation = { label: [target.label, state, elsewhere].filter((it) => it !== '').join(', ') };
  item.show();
}
