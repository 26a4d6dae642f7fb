/**
 * Status bar: the target of the migration at hand and how much is pending; a warning colour when the target is
 * elsewhere. Its hover tells where migrations are rehearsed, why there, and what cannot be told there.
 */
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
import { linesOf, type Rehearsals } from '../rehearsals';
import { labelOf, nameOf } from '../words';
import { appendPlain } from './plainText';

export function showStatusBar(
  projects: Projects,
  rehearsals: Rehearsals,
): Disposable & { readonly item: StatusBarItem } {
  const item = window.createStatusBarItem('rehearsal.target', StatusBarAlignment.Left, 10);
  item.name = l10n.t('Rehearsal: target database');
  item.command = 'rehearsal.chooseDatabase';
  let folder: string | undefined;
  const redraw = (): void => {
    const project = projectAtHand(projects, folder);
    folder = project?.folder;
    drawIn(item, project, placeFor(project, projects, rehearsals));
  };
  const parts = [
    item,
    projects.onDidChange(redraw),
    rehearsals.onDidChange(redraw),
    window.onDidChangeActiveTextEditor(redraw),
  ];
  return { item, dispose: () => parts.forEach((it) => it.dispose()) };
}

/** The project of the file in the editor; beside other files (a preview, a note) it stays what it was. */
function projectAtHand(projects: Projects, before: string | undefined): ProjectItem | undefined {
  const { current } = projects;
  const uri = window.activeTextEditor?.document.uri.toString();
  const here = uri === undefined ? undefined : projects.find(uri)?.project;
  return here ?? current.find(({ folder }) => folder === before) ?? current[0];
}

/** Lines for people; none before the first rehearsal. */
function placeFor(project: ProjectItem | undefined, projects: Projects, rehearsals: Rehearsals): readonly string[] {
  const place = rehearsals.lastPlace((uri) => projects.find(uri)?.project.folder === project?.folder);
  if (!place) return [];
  const [where = '', ...limits] = linesOf(place);
  return [l10n.t('Rehearsed on {0}', where), ...limits];
}

function drawIn(item: StatusBarItem, project: ProjectItem | undefined, place: readonly string[]): void {
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
    ...place,
  ];
  const tooltip = new MarkdownString();
  for (const line of lines.filter((it) => it !== '')) appendPlain(tooltip, line).appendMarkdown('\n\n');
  item.tooltip = tooltip;
  item.backgroundColor = target.local ? undefined : new ThemeColor('statusBarItem.warningBackground');
  item.accessibilityInformation = { label: [target.label, state, elsewhere].filter((it) => it !== '').join(', ') };
  item.show();
}
