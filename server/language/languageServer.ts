/** A session with one editor: from its initialize request to its end. */
import { basename } from 'node:path';
import { layouts } from '../engine/layouts/all';
import {
  type ClientCapabilities,
  type Connection,
  DidChangeWatchedFilesNotification,
  FileChangeType,
  type InitializeResult,
  TextDocumentSyncKind,
} from 'vscode-languageserver/node';
import type { Asking } from '../engine/project';
import type { World } from '../engine/world';
import { ProjectsChanged, SettingsChanged, TrustGranted, WindowFocused } from '../protocol/messages';
import { inBackground, logTrouble } from './background';
import { Checks } from './checks';
import { openDocuments, withOpenTexts } from './documents';
import { features } from './features';
import { offerForPrograms, programPatterns } from './programFiles';
import { pathOf } from './uri';
import { type CreateEngine, Workspace } from './workspace';

/** What may be a migration, what names databases, and what tools are told by. */
const configuration = layouts.flatMap(({ configurationFiles = [] }) => configurationFiles.map((it) => basename(it)));
const watchedFiles = `**/{${[...new Set(['*.sql', '.env', '.env.*', ...configuration])].join(',')}}`;

/**
 * Answers one editor. Nothing happens before it says `initialize`.
 *
 * @param options.retryMs pause before a server that does not answer is tried again, in milliseconds
 * @returns ends the engine with its servers and workers; to be called when the editor is gone
 */
export function serve(
  connection: Connection,
  world: World,
  createEngine: CreateEngine,
  { retryMs }: { readonly retryMs: number },
): { close(): Promise<void> } {
  const documents = openDocuments(connection);
  const workspace = new Workspace(world, withOpenTexts(world.files, documents), createEngine);
  const checks = new Checks(connection, workspace, documents, retryMs);
  /** The editor goes in any case; what could not be ended is in the log, and swept up by the next start. */
  const close = async () => {
    try {
      await workspace.close();
    } catch (error) {
      logTrouble(connection, 'The engine did not end in order', error);
    }
  };
  let client: ClientCapabilities = {};

  connection.onInitialize((params): InitializeResult => {
    client = params.capabilities;
    workspace.start(params);
    checks.refreshesLenses = client.workspace?.codeLens?.refreshSupport === true;
    checks.refreshesHints = client.workspace?.inlayHint?.refreshSupport === true;
    return { capabilities: capabilities(), serverInfo: { name: 'Rehearsal' } };
  });
  connection.onInitialized(() => {
    if (client.workspace?.workspaceFolders) {
      connection.workspace.onDidChangeWorkspaceFolders((event) =>
        inBackground(connection, workspace.changeFolders(event)),
      );
    }
    if (client.workspace?.didChangeWatchedFiles?.dynamicRegistration) inBackground(connection, watch(connection));
    if (client.textDocument?.synchronization?.dynamicRegistration)
      inBackground(connection, offerForPrograms(connection));
  });
  workspace.onChange((change) => {
    if (workspace.ours && change !== 'ending') inBackground(connection, connection.sendNotification(ProjectsChanged));
  });
  workspace.onAsking((asking) => {
    if (client.window?.workDoneProgress) inBackground(connection, showAsking(connection, asking));
  });
  connection.onNotification(WindowFocused, () => checks.lookForChanges());
  connection.onNotification(TrustGranted, () => inBackground(connection, workspace.trust()));
  followSettings(connection, workspace, checks);
  connection.onDidChangeWatchedFiles(({ changes }) => {
    // The text of an open file comes from the editor, not from the disk.
    const matters = changes.filter(
      ({ uri, type }) => type !== FileChangeType.Changed || !documents.at(pathOf(uri) ?? ''),
    );
    if (matters.length === 0) return;
    workspace.changed('projects');
    checks.recheckInBackground();
  });
  for (const feature of features) feature.attach(connection, workspace, documents, checks);
  connection.onShutdown(close);
  return { close };
}

/** Those of our own client, and of any other editor. */
function followSettings(connection: Connection, workspace: Workspace, checks: Checks): void {
  const configure = async (settings: unknown) => {
    await workspace.configure(settings);
    checks.redraw();
  };
  connection.onNotification(SettingsChanged, (settings) => inBackground(connection, configure(settings)));
  connection.onDidChangeConfiguration(({ settings }) => {
    const own: unknown = (settings as { rehearsal?: unknown } | null)?.rehearsal;
    if (own !== undefined && !workspace.ours) inBackground(connection, configure(own));
  });
}

function capabilities(): InitializeResult['capabilities'] {
  return {
    textDocumentSync: { openClose: true, change: TextDocumentSyncKind.Incremental, save: { includeText: false } },
    workspace: { workspaceFolders: { supported: true, changeNotifications: true } },
    ...Object.assign({}, ...features.map((feature) => feature.capabilities)),
  };
}

async function showAsking(connection: Connection, { tool, folder, done }: Asking): Promise<void> {
  const progress = await connection.window.createWorkDoneProgress();
  progress.begin(`Asking ${tool} about ${basename(folder)}`);
  await done;
  progress.done();
}

async function watch(connection: Connection): Promise<void> {
  await connection.client.register(DidChangeWatchedFilesNotification.type, {
    watchers: [watchedFiles, ...programPatterns].map((globPattern) => ({ globPattern })),
  });
}
