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
import { labelOf, nameOf } from '../words';
import { appendPlain } from './plainText';

export function showStatusBar(projects: Projects): Disposable & { readonly item: StatusBarItem } {
  const item = window.createStatusBarItem('rehearsal.target', StatusBarAlignment.Left, 10);
  item.name = l10n.t('Rehearsal: target database');
  item.command = 'rehearsal.chooseDatabase';
  let folder: string | undefined;
  const redraw = (): void => {
    const project = projectAtHand(projects, folder);
    folder = project?.folder;
    drawIn(item, project);
  };
  const parts = [item, projects.onDidChange(redraw), window.onDidChangeActiveTextEditor(redraw)];
  return { item, dispose: () => parts.forEach((it) => it.dispose()) };
}

/** The project of the file in the editor; beside other files (a preview, a note) it stays what it was. */
function projectAtHand(projects: Projects, before: string | undefined): ProjectItem | undefined {
  const { current } = projects;
  const uri = window.activeTextEditor?.document.uri.toString();
  const here = uri === undefined ? undefined : projects.find(uri)?.project;
  return here ?? current.find(({ folder }) => folder === before) ?? current[0];
}

function drawIn(item: StatusBarItem, project: ProjectItem | undefined): void {
  if (!project) {
    item.hide();
    return;
  }
  const { target, migrations, fault } = project;
  const pending = migrations.filter((it) => it.state === 'pending').length;
  const state = fault ? l10n.t('does not answer') : l10n.t('{0} pending', pending);
  item.text = `$(database) ${nameOf(target)} · ${state}`;
  const elsewhere = target.local ? '' : l10n.t('Not on this machine: changes are confirmed by name.');
  const lines = [
    target.label,
    fault?.message ?? target.server,
    `${labelOf(project)}: ${state}`,
    target.because,
    elsewhere,
  ];
  const tooltip = new MarkdownString();
  for (const line of lines.filter((it) => it !== '')) appendPlain(tooltip, line).appendMarkdown('\n\n');
  item.tooltip = tooltip;
  item.backgroundColor = target.local ? undefined : new ThemeColor('statusBarItem.warningBackground');
  item.accessibilityInformation = { label: [target.label, state, elsewhere].filter((it) => it !== '').join(', ') };
  item.show();
}
