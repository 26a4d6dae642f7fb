/** The rows of the trees, and how each is drawn. A command that is called from a row gets the row. */
import { ThemeColor, ThemeIcon, TreeItem, TreeItemCollapsibleState, Uri, l10n } from 'vscode';
import type { DriftItem } from '../../server/protocol/drift';
import type { EnvironmentItem, EnvironmentState } from '../../server/protocol/environments';
import type { MigrationItem, ProjectItem } from '../../server/protocol/messages';
import type { SnapshotItem } from '../../server/protocol/snapshots';
import type { VerdictSummary } from '../../server/protocol/verdicts';
import { titleOf } from '../faults';
import { drawEnvironment, drawServer, drawThere } from './environmentRows';
import { errorsIn } from '../rehearsalErrors';
import { briefDriftOf, type DriftNode, drawDrift, driftOf } from './driftNode';
import { briefTimeOf, foundOf, labelOf, nameOf, sizeOf, timeOf } from '../words';
import { describe, failedIcon, iconOf } from './migrationState';
import { markdown } from './plainText';

export type Node =
  | { readonly kind: 'project'; readonly project: ProjectItem }
  | { readonly kind: 'migration'; readonly project: ProjectItem; readonly migration: MigrationItem }
  | { readonly kind: 'snapshot'; readonly project: ProjectItem; readonly snapshot: SnapshotItem }
  | {
      readonly kind: 'database';
      readonly project: ProjectItem;
      readonly alone: boolean;
      /** Left out where nobody has asked. */
      readonly drift?: DriftItem;
    }
  | DriftNode
  | { readonly kind: 'environment'; readonly project: ProjectItem; readonly environment: EnvironmentItem }
  | {
      readonly kind: 'there';
      readonly project: ProjectItem;
      readonly environment: EnvironmentItem;
      readonly migration: EnvironmentState['migrations'][number];
    }
  | {
      readonly kind: 'server';
      readonly project: ProjectItem;
      readonly environment: EnvironmentItem;
      readonly state: EnvironmentState;
    }
  | Trouble;

interface Trouble {
  readonly kind: 'trouble';
  readonly message: string;
  readonly remedy?: string;
  readonly project?: ProjectItem;
  /** Of the file that it is about. */
  readonly uri?: string;
  /** Left out for an error. */
  readonly severity?: 'warning';
}

export const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && 'kind' in value && ('project' in value || value.kind === 'trouble');

export function draw(node: Node): TreeItem {
  switch (node.kind) {
    case 'project':
      return drawProject(node.project);
    case 'migration':
      return drawMigration(node.project, node.migration);
    case 'snapshot':
      return drawSnapshot(node.project, node.snapshot);
    case 'database':
      return drawDatabase(node.project, node.alone, node.drift);
    case 'drift':
      return drawDrift(node);
    case 'environment':
      return drawEnvironment(node.project, node.environment);
    case 'server':
      return drawServer(node.state);
    case 'there':
      return drawThere(node.migration, node.environment);
    case 'trouble':
      return drawTrouble(node);
  }
}

function drawProject(project: ProjectItem): TreeItem {
  const { folder, layout, because, target } = project;
  const label = labelOf(project);
  const item = new TreeItem(label, TreeItemCollapsibleState.Expanded);
  item.id = folder;
  item.description = nameOf(target);
  item.iconPath = new ThemeIcon('folder-library');
  item.contextValue = 'project';
  item.tooltip = markdown([`**${label}**`, `${layout}: ${because}`, target.label]);
  return item;
}

function drawMigration(project: ProjectItem, migration: MigrationItem): TreeItem {
  const { folder, target, onlyUp } = project;
  const { version, title, state, uri, downUri, kept, verdict } = migration;
  const item = new TreeItem(title === '' ? version : title);
  // Two files may have one version.
  item.id = `${folder}#${version}#${uri ?? ''}`;
  // What has been applied was not kept from it.
  const found = state === 'pending' ? foundOf(errorsIn(migration)) : '';
  // A narrow side bar cuts the end.
  item.description = [found, verdict ? downOf(verdict) : '', title === '' ? '' : version]
    .filter((it) => it !== '')
    .join(' · ');
  item.iconPath = found === '' ? iconOf(migration) : failedIcon;
  const traits = [
    state,
    ...(!onlyUp && migration.last ? ['last'] : []),
    ...(kept ? ['kept'] : []),
    ...(downUri !== undefined && downUri !== uri ? ['downFile'] : []),
    ...(migration.isProgram ? ['program'] : []),
  ];
  item.contextValue = `migration.${traits.join('.')}`;
  const words = describe(migration, target);
  item.tooltip = markdown([
    `**${title}** ${version}`,
    words,
    found === '' ? '' : l10n.t('The rehearsal found {0}.', found),
    onlyUp ? '' : wayDownOf(migration),
    ...(verdict ? [l10n.t('The way back: {0}', verdict.says), ...verdict.details] : []),
  ]);
  item.accessibilityInformation = { label: [`${title} ${version}`, words, found].filter((it) => it !== '').join(', ') };
  if (uri !== undefined) item.command = { command: 'vscode.open', title: l10n.t('Open'), arguments: [Uri.parse(uri)] };
  else if (kept)
    item.command = {
      command: 'rehearsal.showKept',
      title: l10n.t('Open'),
      arguments: [{ kind: 'migration', project, migration } satisfies Node],
    };
  return item;
}

/** Empty where it needs no words: it is as it should be, or the errors say so. */
function downOf({ kind, says }: VerdictSummary): string {
  if (kind === 'exact' || kind === 'untried') return '';
  return l10n.t('down: {0}', kind === 'loses' ? l10n.t('loses data') : says);
}

const wayDownOf = ({ hasDown }: MigrationItem): string =>
  hasDown ? l10n.t('Has a down script.') : l10n.t('Has no down script.');

function drawSnapshot({ folder }: ProjectItem, snapshot: SnapshotItem): TreeItem {
  const { id, taken, reason, kind, bytes, version, name, pinned, branch, branchGone } = snapshot;
  const item = new TreeItem(name ?? reason);
  item.id = `${folder}#${id}`;
  const gone = branchGone ? l10n.t('the branch is deleted') : '';
  const details = [briefTimeOf(taken), sizeOf(bytes), name === undefined ? '' : reason, gone];
  item.description = details.filter((it) => it !== '').join(' · ');
  const [icon, trait] =
    branch !== undefined ? ['git-branch', '.branch'] : pinned ? ['pinned', '.pinned'] : [icons[kind], ''];
  item.iconPath = new ThemeIcon(icon);
  item.contextValue = `snapshot${trait}`;
  const where = {
    copy: l10n.t('A copy on the same server'),
    file: l10n.t('A dump file'),
    embedded: l10n.t('A copy of the embedded database'),
  };
  const at = version === undefined ? l10n.t('before any migration') : l10n.t('at migration {0}', version);
  item.tooltip = markdown([
    `**${name ?? reason}**`,
    name === undefined ? '' : reason,
    timeOf(taken),
    `${where[kind]}, ${at}, ${sizeOf(bytes)}`,
    gone,
    pinned ? l10n.t('Pinned: it stays until you delete it, and is not used up when it is restored.') : '',
  ]);
  const spoken = l10n.t('Snapshot {0}, {1}, {2}', name ?? reason, timeOf(taken), sizeOf(bytes));
  item.accessibilityInformation = { label: pinned ? l10n.t('{0}, pinned', spoken) : spoken };
  return item;
}

const icons = { copy: 'database', file: 'archive', embedded: 'archive' } as const satisfies Record<
  SnapshotItem['kind'],
  string
>;

function drawDatabase(project: ProjectItem, alone: boolean, drift: DriftItem | undefined): TreeItem {
  const { folder, target, fault, layout, because } = project;
  const isOpen = drift !== undefined && drift.objects.length > 0;
  // A narrow side bar cuts the end: what has drifted stands before the server's address.
  const shown = alone ? nameOf(target) || target.label : labelOf(project);
  const item = new TreeItem(shown, isOpen ? TreeItemCollapsibleState.Expanded : TreeItemCollapsibleState.None);
  item.id = folder;
  const drifted = driftOf(drift);
  const server = fault ? l10n.t('does not answer') : target.server;
  const trouble = [briefDriftOf(drift), fault ? server : ''];
  item.description = [
    ...trouble,
    shown === target.label ? '' : target.label,
    fault ? '' : server,
    layout,
    target.because,
  ]
    .filter((it) => it !== '')
    .join(' · ');
  item.iconPath = fault
    ? new ThemeIcon('error', new ThemeColor('list.errorForeground'))
    : new ThemeIcon(target.local ? 'database' : 'cloud', target.local && drifted === '' ? undefined : warning);
  item.contextValue = 'database';
  const place = target.local
    ? l10n.t('On this machine.')
    : l10n.t('Not on this machine: changes are confirmed by name.');
  item.tooltip = markdown([
    `**${target.label}**`,
    server,
    l10n.t('Why this one: {0}', target.because),
    place,
    l10n.t('Migrations of {0}: {1}', layout, because),
    drifted === '' ? '' : l10n.t('It is not what its applied migrations make: {0}.', drifted),
    ...(drift?.doubts ?? []),
    fault?.message ?? '',
  ]);
  item.accessibilityInformation = {
    label: [labelOf(project), target.label, server, place, drifted].filter((it) => it !== '').join(', '),
  };
  return item;
}

const warning = new ThemeColor('list.warningForeground');

function drawTrouble({ message, remedy, project, uri, severity }: Trouble): TreeItem {
  const item = new TreeItem(message);
  item.iconPath =
    severity === 'warning'
      ? new ThemeIcon('warning', warning)
      : new ThemeIcon('error', new ThemeColor('list.errorForeground'));
  item.contextValue = 'trouble';
  item.tooltip = markdown([message]);
  if (uri !== undefined) {
    item.command = { command: 'vscode.open', title: l10n.t('Open'), arguments: [Uri.parse(uri)] };
    return item;
  }
  const command = remedy ?? 'rehearsal.showLog';
  const title = titleOf(command);
  item.command = { command, title, arguments: project ? [{ kind: 'project', project } satisfies Node] : [] };
  item.tooltip = markdown([message, l10n.t('Click for: {0}', title)]);
  return item;
}
