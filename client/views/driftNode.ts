/** How an object that has drifted is drawn below its database. */
import { l10n, ThemeColor, ThemeIcon, TreeItem } from 'vscode';
import type { DriftedItem, DriftItem } from '../../server/protocol/drift';
import type { ProjectItem } from '../../server/protocol/messages';

export interface DriftNode {
  readonly kind: 'drift';
  readonly project: ProjectItem;
  readonly object: DriftedItem;
}

const icons = {
  added: ['diff-added', 'gitDecoration.addedResourceForeground'],
  removed: ['diff-removed', 'gitDecoration.deletedResourceForeground'],
  changed: ['diff-modified', 'gitDecoration.modifiedResourceForeground'],
} as const;

const words: Readonly<Record<DriftedItem['kind'], () => string>> = {
  added: () => l10n.t('No applied migration makes it.'),
  removed: () => l10n.t('The applied migrations make it, and it is not there.'),
  changed: () => l10n.t('It is another one than what the applied migrations make.'),
};

export function drawDrift(node: DriftNode): TreeItem {
  const { project, object } = node;
  const { id, kind, type, name, ignored } = object;
  const item = new TreeItem(name);
  item.id = `${project.folder}#drift#${id}`;
  item.description = [type, ...(ignored === undefined ? [] : [l10n.t('ignored')])].join(' · ');
  const [icon, colour] = icons[kind];
  item.iconPath = ignored === undefined ? new ThemeIcon(icon, new ThemeColor(colour)) : new ThemeIcon('eye-closed');
  item.contextValue = ignored === undefined ? 'drift' : 'drift.ignored';
  item.tooltip = [words[kind](), ...(ignored ? [ignored] : [])].join('\n');
  item.accessibilityInformation = { label: `${type} ${name}, ${words[kind]()}` };
  item.command = { command: 'rehearsal.showDrift', title: l10n.t('Show'), arguments: [node] };
  return item;
}

export const toldIn = ({ objects }: DriftItem): readonly DriftedItem[] =>
  objects.filter(({ ignored }) => ignored === undefined);

/** Where there is little room: how many objects; empty where none has. */
export function briefDriftOf(drift: DriftItem | undefined): string {
  const count = drift ? toldIn(drift).length : 0;
  return count === 0 ? '' : l10n.t('drift: {0}', count);
}

/** `3 objects drifted`; empty where none has. */
export function driftOf(drift: DriftItem | undefined): string {
  const count = drift ? toldIn(drift).length : 0;
  if (count === 0) return '';
  return count === 1 ? l10n.t('1 object drifted') : l10n.t('{0} objects drifted', count);
}
