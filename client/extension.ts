/** The extension: builds each part once, in reading order, and ends them. */
import {
  type ExtensionContext,
  type FileDecorationProvider,
  type LanguageStatusItem,
  type StatusBarItem,
  window,
  workspace,
} from 'vscode';
import type { LanguageClient } from 'vscode-languageclient/node';
import { SettingsChanged, TrustGranted, WindowFocused } from '../server/protocol/messages';
import { followBranches } from './branches';
import { registerCommands } from './commands/all';
import { followEnvironments } from './environments';
import { showTrouble } from './faults';
import type { Parts } from './parts';
import { createKeptDocuments } from './preview/keptDocuments';
import { createPreviews } from './preview/previews';
import { createRowTexts } from './preview/rowTexts';
import { createSqlDocuments } from './preview/sqlDocuments';
import { createTrialReports } from './preview/trialReports';
import { followProgress } from './progress';
import { followProjects, type Projects } from './projects';
import { followRehearsals } from './rehearsals';
import { createServer } from './server';
import { readSettings } from './settings';
import { rememberedTargets } from './targets';
import { showFileBadges } from './views/fileBadges';
import { showLanguageStatus } from './views/languageStatus';
import { showStatusBar } from './views/statusBar';
import { showTrees, type Trees } from './views/trees';
import { showVerifications, type Verifications } from './views/verifications';

/** What the tests inside VS Code look at: trees and decorations have no interface of their own to ask. */
export interface Extension {
  readonly client: LanguageClient;
  readonly projects: Projects;
  readonly trees: Trees;
  readonly statusBar: StatusBarItem;
  readonly languageStatus: LanguageStatusItem;
  readonly badges: FileDecorationProvider;
  readonly verifications: Verifications;
}

let running: LanguageClient | undefined;

export async function activate(context: ExtensionContext): Promise<Extension> {
  const log = window.createOutputChannel('Rehearsal', { log: true });
  const targets = await rememberedTargets(context.workspaceState, context.secrets);
  const client = createServer(context, log, targets);
  running = client;
  const projects = followProjects(client);
  const environments = followEnvironments(client, context.secrets);
  const verifications = showVerifications(client, projects);
  const parts: Parts = {
    client,
    log,
    projects,
    targets,
    environments,
    progress: followProgress(client),
    previews: createPreviews(),
    rowTexts: createRowTexts(),
    sqlDocuments: createSqlDocuments(client, projects),
    trialReports: createTrialReports(),
    keptDocuments: createKeptDocuments(client),
    verifications,
  };
  const trees = showTrees(client, projects, environments);
  const rehearsals = followRehearsals(client);
  const statusBar = showStatusBar(projects, rehearsals);
  const languageStatus = showLanguageStatus(rehearsals);
  const badges = showFileBadges(projects);
  context.subscriptions.push(
    log,
    projects,
    parts.progress,
    parts.previews,
    parts.rowTexts,
    parts.sqlDocuments,
    parts.trialReports,
    parts.keptDocuments,
    trees,
    rehearsals,
    statusBar,
    languageStatus,
    badges,
    verifications,
    followBranches(parts),
    ...registerCommands(parts),
    ...tellServer(parts),
  );
  void start(parts);
  return {
    client,
    projects,
    trees,
    statusBar: statusBar.item,
    languageStatus: languageStatus.item,
    badges: badges.provider,
    verifications,
  };
}

/** In the background: `activate` must return quickly. */
async function start(parts: Parts): Promise<void> {
  try {
    await parts.client.start();
  } catch (error) {
    await showTrouble(error, parts.log);
  }
}

/** What the server has to know as soon as it happens. */
function tellServer({ client, projects, log }: Parts) {
  const send = (sent: Promise<void>): void => void sent.catch((error: unknown) => showTrouble(error, log));
  return [
    workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration('rehearsal')) send(client.sendNotification(SettingsChanged, readSettings()));
    }),
    workspace.onDidChangeWorkspaceFolders(() => send(client.sendNotification(SettingsChanged, readSettings()))),
    // Also when somebody who was away for a while types again, be it in the terminal.
    window.onDidChangeWindowState(({ focused, active }) => {
      if (focused && active && client.isRunning()) send(client.sendNotification(WindowFocused));
    }),
    workspace.onDidGrantWorkspaceTrust(() =>
      send(client.sendNotification(TrustGranted).then(() => projects.refresh())),
    ),
  ];
}

/** The server closes its connections and drops its shadows before it ends. */
export async function deactivate(): Promise<void> {
  if (running?.needsStop()) await running.stop(4_000);
}
