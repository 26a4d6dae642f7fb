/** How environments and what is there are drawn. */
import { l10n, ThemeColor, ThemeIcon, TreeItem, TreeItemCollapsibleState, Uri } from 'vscode';
import type { EnvironmentItem, EnvironmentState } from '../../server/protocol/environments';
import type { ProjectItem } from '../../server/protocol/messages';
import { labelOf } from '../words';
import { describe, iconOf } from './migrationState';
import { markdown } from './plainText';

export function drawEnvironment(project: ProjectItem, environment: EnvironmentItem): TreeItem {
  const { name, role, readOnly, source, target } = environment;
  const item = new TreeItem(name, TreeItemCollapsibleState.Collapsed);
  item.id = `${project.folder}#environment#${name}`;
  const traits = [roleWords()[role], ...(readOnly ? [l10n.t('only read')] : [])].join(', ');
  // Most are called by their role.
  item.description = name === traits ? target.label : `${traits} · ${target.label}`;
  item.iconPath = readOnly
    ? new ThemeIcon('lock')
    : new ThemeIcon('server-environment', role === 'production' ? warning : undefined);
  item.contextValue = readOnly ? 'environment.readOnly' : 'environment';
  item.tooltip = markdown([`**${name}** ${traits}`, target.label, labelOf(project), source]);
  item.accessibilityInformation = { label: `${name}, ${target.label}, ${traits}` };
  return item;
}

export function drawServer({ target, migrations }: EnvironmentState): TreeItem {
  const pending = migrations.filter(({ state }) => state === 'pending').length;
  const item = new TreeItem(pending === 0 ? l10n.t('Nothing is pending') : l10n.t('{0} pending', pending));
  // Its label stands in the row above.
  item.description = target.server;
  item.iconPath = new ThemeIcon(target.local ? 'database' : 'cloud');
  return item;
}

export function drawThere(
  migration: EnvironmentState['migrations'][number],
  { name, target }: EnvironmentItem,
): TreeItem {
  const { version, title, uri } = migration;
  const item = new TreeItem(title === '' ? version : title);
  const words = describe(migration, { label: `${name}: ${target.label}` });
  item.description = title === '' ? '' : version;
  item.iconPath = iconOf(migration);
  item.tooltip = markdown([`**${title}** ${version}`, words]);
  item.accessibilityInformation = { label: `${title} ${version}, ${words}` };
  if (uri !== undefined) item.command = { command: 'vscode.open', title: l10n.t('Open'), arguments: [Uri.parse(uri)] };
  return item;
}

const roleWords = (): Record<EnvironmentItem['role'], string> => ({
  development: l10n.t('development'),
  staging: l10n.t('staging'),
  production: l10n.t('production'),
});

const warning = new ThemeColor('list.warningForeground');
