/** What the server last said about the projects of the workspace: asked once for all views, anew whenever it changes. */
import { commands, type Disposable, type Event, EventEmitter, l10n, Uri, workspace } from 'vscode';
import { type LanguageClient, ResponseError, State } from 'vscode-languageclient/node';
import {
  type FaultData,
  ListProjectsRequest,
  type MigrationItem,
  type ProjectItem,
  ProjectsChanged,
} from '../server/protocol/messages';
import { faultOf } from './faults';

export interface Projects extends Disposable {
  readonly current: readonly ProjectItem[];
  /** Why there is no list at all. */
  readonly fault: (FaultData & { readonly message: string }) | undefined;
  readonly onDidChange: Event<void>;
  /** Asks the server; several calls while it answers become one more. @throws what is none of our faults */
  refresh(): Promise<void>;
  /** Resolves when the first answer is there. */
  readonly first: Promise<void>;
  find(uri: string): Place | undefined;
}

/** A migration and the project it stands in. */
export interface Place {
  readonly project: ProjectItem;
  readonly migration: MigrationItem;
}

/** Of the context key `rehearsal.state`, which package.json uses to choose welcome texts and commands. */
type Known = 'starting' | 'empty' | 'ready' | 'failed';

export function followProjects(client: LanguageClient): Projects {
  const changed = new EventEmitter<void>();
  let answered: (() => void) | undefined;
  const first = new Promise<void>((resolve) => {
    answered = resolve;
  });
  let current: readonly ProjectItem[] = [];
  let fault: Projects['fault'];

  async function take(answer: readonly ProjectItem[], trouble: Projects['fault']): Promise<void> {
    current = answer;
    fault = trouble;
    await tellContext(current, fault ? 'failed' : current.length > 0 ? 'ready' : 'empty');
    answered?.();
    changed.fire();
  }

  const refresh = oneAtATime(async () => {
    try {
      await take(await client.sendRequest(ListProjectsRequest), undefined);
    } catch (error) {
      if (!(error instanceof ResponseError)) throw error;
      await take([], { fault: 'unknown', message: error.message, ...faultOf(error) });
    }
  });

  void tellContext([], 'starting');
  const listening = [
    client.onNotification(ProjectsChanged, () => void refresh()),
    client.onDidChangeState(({ newState }) => {
      if (newState === State.Running && workspace.isTrusted) void refresh();
      else if (newState === State.Stopped || newState === State.StartFailed) void take([], serverIsDown());
    }),
  ];
  return {
    get current() {
      return current;
    },
    get fault() {
      return fault;
    },
    onDidChange: changed.event,
    first,
    refresh,
    find: (uri) => findIn(current, uri),
    dispose() {
      for (const it of listening) it.dispose();
      changed.dispose();
    },
  };
}

/** Several calls while the work goes on become one more. */
function oneAtATime(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  let wanted = false;
  const workWhileWanted = async (): Promise<void> => {
    try {
      while (wanted) {
        wanted = false;
        await work();
      }
    } finally {
      running = undefined;
    }
  };
  return () => {
    wanted = true;
    running ??= workWhileWanted();
    return running;
  };
}

const serverIsDown = (): Projects['fault'] => ({
  fault: 'server-down',
  message: l10n.t('The language server of Rehearsal is not running. Refresh to start it again.'),
  remedy: 'rehearsal.refresh',
});

function findIn(projects: readonly ProjectItem[], uri: string): Place | undefined {
  const wanted = pathOf(uri);
  for (const project of projects) {
    const migration = project.migrations.find((it) => filesOf(it).some((file) => pathOf(file) === wanted));
    if (migration) return { project, migration };
  }
  return undefined;
}

/** Two URIs of one file may differ in the way they escape; the path does not. */
const pathOf = (uri: string): string => Uri.parse(uri).fsPath;

/** Up and down file. */
export const filesOf = ({ uri, downUri }: MigrationItem): string[] => [
  ...new Set([uri, downUri].filter((it) => it !== undefined)),
];

const paths = (migrations: readonly MigrationItem[]): string[] => migrations.flatMap(filesOf).map(pathOf);

/** `resourcePath in rehearsal.…` decides in package.json which menus a file gets. */
async function tellContext(projects: readonly ProjectItem[], state: Known): Promise<void> {
  const migrations = projects.flatMap((it) => it.migrations);
  const pending = migrations.filter((it) => it.state === 'pending');
  const keys = {
    state,
    hasPending: pending.length > 0,
    hasRevertible: projects.some((it) => !it.onlyUp && it.migrations.some(({ last }) => last)),
    files: paths(migrations),
    pendingFiles: paths(pending),
    programFiles: paths(migrations.filter((it) => it.isProgram)),
    filesWithDown: paths(migrations.filter((it) => it.downUri !== undefined && it.downUri !== it.uri)),
  };
  await Promise.all(
    Object.entries(keys).map(([key, value]) => commands.executeCommand('setContext', `rehearsal.${key}`, value)),
  );
}
