/** Sidebar: migrations, snapshots and databases, as the server tells them. They keep nothing. */
import { type Disposable, EventEmitter, type TreeDataProvider, type TreeView, window, workspace } from 'vscode';
import { type LanguageClient, ResponseError } from 'vscode-languageclient/node';
import { DriftChanged, type DriftItem, KnownDriftRequest } from '../../server/protocol/drift';
import type { ProjectItem } from '../../server/protocol/messages';
import { ListSnapshotsRequest } from '../../server/protocol/snapshots';
import type { Environments } from '../environments';
import { faultOf } from '../faults';
import type { Projects } from '../projects';
import { followErrors } from '../rehearsalErrors';
import { draw, type Node } from './node';

export interface Trees extends Disposable {
  readonly migrations: TreeDataProvider<Node>;
  readonly snapshots: TreeDataProvider<Node>;
  readonly databases: TreeDataProvider<Node>;
}

export function showTrees(client: LanguageClient, projects: Projects, environments: Environments): Trees {
  const errors = followErrors(projects);
  const [changed, marked, compared] = [new EventEmitter<void>(), new EventEmitter<void>(), new EventEmitter<void>()];
  const listening = [
    projects.onDidChange(() => {
      changed.fire();
      marked.fire();
      compared.fire();
    }),
    client.onNotification(DriftChanged, () => compared.fire()),
    // Only rows of migrations show them: the other trees would ask the server.
    errors.onDidChange(() => marked.fire()),
  ];

  /** One project's rows stand by themselves; several are told apart by a row each. */
  const tree = (
    { event }: EventEmitter<void>,
    rows: (project: ProjectItem) => Promise<Node[]> | Node[],
  ): TreeDataProvider<Node> => ({
    onDidChangeTreeData: event,
    getTreeItem: draw,
    async getChildren(parent) {
      if (parent) return parent.kind === 'project' ? rows(parent.project) : [];
      if (!workspace.isTrusted) return [];
      await projects.first;
      if (projects.fault) return [{ kind: 'trouble', ...projects.fault }];
      const [first, ...others] = projects.current;
      if (!first) return [];
      if (others.length === 0) return rows(first);
      return projects.current.map((project) => ({ kind: 'project', project }));
    },
  });

  const migrations = tree(marked, (project) => [
    ...troubleOf(project),
    ...project.migrations.map((migration): Node => ({ kind: 'migration', project, migration })),
  ]);
  const snapshots = tree(changed, (project) => snapshotsOf(client, project));
  const databases: TreeDataProvider<Node> = {
    onDidChangeTreeData: compared.event,
    getTreeItem: draw,
    async getChildren(parent) {
      if (!workspace.isTrusted) return [];
      if (parent?.kind === 'database')
        return (parent.drift?.objects ?? []).map((object) => ({ kind: 'drift', project: parent.project, object }));
      if (parent) return parent.kind === 'environment' ? migrationsThere(environments, parent) : [];
      await projects.first;
      const rows = projects.current.map((project) => databasesOf(project, client, projects, environments));
      return (await Promise.all(rows)).flat();
    },
  };

  const views = [
    show('rehearsal.migrations', migrations),
    show('rehearsal.snapshots', snapshots),
    show('rehearsal.databases', databases),
  ];
  const parts = [changed, marked, compared, errors, ...listening, ...views];
  return { migrations, snapshots, databases, dispose: () => parts.forEach((it) => it.dispose()) };
}

const show = (id: string, treeDataProvider: TreeDataProvider<Node>): TreeView<Node> =>
  window.createTreeView(id, { treeDataProvider, showCollapseAll: false });

function troubleOf(project: ProjectItem): Node[] {
  const { fault, blocked, problems = [] } = project;
  return [
    ...(fault ? [{ kind: 'trouble' as const, ...fault }] : []),
    ...(blocked === undefined
      ? []
      : [{ kind: 'trouble' as const, message: blocked, remedy: 'rehearsal.repairHistory', project }]),
    ...problems.map((it) => ({ kind: 'trouble' as const, ...it })),
  ];
}

/** Its target, and its environments. */
async function databasesOf(
  project: ProjectItem,
  client: LanguageClient,
  { current }: Projects,
  environments: Environments,
): Promise<Node[]> {
  const drift = await knownDrift(client, project);
  return [
    { kind: 'database', project, alone: current.length === 1, ...(drift ? { drift } : {}) },
    ...(await environmentsOf(environments, project)),
  ];
}

/** Where it cannot be asked, the row itself says why. */
async function knownDrift(client: LanguageClient, { folder, fault }: ProjectItem): Promise<DriftItem | undefined> {
  if (fault) return undefined;
  try {
    return (await client.sendRequest(KnownDriftRequest, { folder })) ?? undefined;
  } catch (error) {
    if (!(error instanceof ResponseError)) throw error;
    return undefined;
  }
}

/** Their names alone: nothing is connected before one is unfolded. */
const environmentsOf = (environments: Environments, project: ProjectItem): Promise<Node[]> =>
  orTrouble(async () =>
    (await environments.of(project.folder)).map((environment) => ({ kind: 'environment', project, environment })),
  );

const migrationsThere = (
  environments: Environments,
  { project, environment }: Extract<Node, { kind: 'environment' }>,
): Promise<Node[]> =>
  orTrouble(async () => {
    const state = await environments.stateOf(project.folder, environment.name);
    const { blocked, migrations } = state;
    return [
      { kind: 'server', project, environment, state },
      ...(blocked === undefined ? [] : [{ kind: 'trouble' as const, message: blocked, project }]),
      ...migrations.map((migration): Node => ({ kind: 'there', project, environment, migration })),
    ];
  });

/** One that does not answer says so in its own rows. */
async function orTrouble(rows: () => Promise<Node[]>): Promise<Node[]> {
  try {
    return await rows();
  } catch (error) {
    if (!(error instanceof ResponseError)) throw error;
    return [{ kind: 'trouble', message: error.message }];
  }
}

async function snapshotsOf(client: LanguageClient, project: ProjectItem): Promise<Node[]> {
  if (project.fault) return [];
  try {
    const snapshots = await client.sendRequest(ListSnapshotsRequest, { folder: project.folder });
    return snapshots.map((snapshot) => ({ kind: 'snapshot', project, snapshot }));
  } catch (error) {
    if (!(error instanceof ResponseError)) throw error;
    return [{ kind: 'trouble', message: error.message, ...faultOf(error) }];
  }
}
