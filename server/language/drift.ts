/**
 * Drift as the editor has it: asked in the background once after the start and when others change the schema, or at once by
 * the user.
 */
import type { Connection } from 'vscode-languageserver/node';
import type { Drift, Project } from '../engine/project';
import {
  DriftChanged,
  type DriftItem,
  DriftRequest,
  DriftScriptRequest,
  IgnoreDriftRequest,
  KeptSqlRequest,
  KnownDriftRequest,
  RecordAppliedRequest,
  UndoDriftRequest,
  WriteDriftRequest,
} from '../protocol/drift';
import { inBackground } from './background';
import type { Checks } from './checks';
import type { Feature } from './feature';
import { reply } from './reply';
import { afterwards, mustBeSaved, progressTo, resultItem } from './targetChanges';
import { pathOf, uriOf } from './uri';
import type { Workspace } from './workspace';

export const drift: Feature = {
  capabilities: {},

  attach(connection, workspace, documents, checks) {
    const drifts = new Drifts(connection, workspace);
    // Who has never seen any drift does not wait for what we have changed ourselves.
    checks.onMoved((folder, by) => {
      if (by === 'others' || drifts.of(folder)) drifts.askSoon(folder);
    });
    checks.onLook((project) => drifts.askFirst(project));
    workspace.onChange((change) => {
      if (change !== 'projects') drifts.cancel();
    });
    attachQuestions(connection, workspace, drifts);
    attachActions(connection, workspace, checks, drifts);
    connection.onRequest(
      UndoDriftRequest,
      reply(async ({ folder, progress, ...request }, signal) => {
        const project = await workspace.projectAt(folder);
        mustBeSaved(workspace, documents, project);
        return afterwards(workspace, checks, project, async () =>
          resultItem(await project.undoDrift(request, progressTo(connection, progress), signal)),
        );
      }),
    );
  },
};

function attachQuestions(connection: Connection, workspace: Workspace, drifts: Drifts): void {
  connection.onRequest(
    KnownDriftRequest,
    reply(async ({ folder }) => {
      const { folder: found } = await workspace.knownProjectAt(folder);
      const known = drifts.of(found.path);
      return known ? itemOf(known) : null;
    }),
  );
  connection.onRequest(
    DriftRequest,
    reply(async ({ folder }, signal) => {
      return itemOf(await drifts.ask(await workspace.projectAt(folder), signal));
    }),
  );
  connection.onRequest(
    DriftScriptRequest,
    reply(async ({ folder, way, ids }, signal) => {
      const { text, losses, objects } = await (await workspace.projectAt(folder)).driftScript(way, ids, signal);
      return { text, losses, names: objects.map(({ type, name }) => `${type} ${name}`) };
    }),
  );
  connection.onRequest(
    KeptSqlRequest,
    reply(async ({ folder, version }, signal) => ({
      text: await (await workspace.projectAt(folder)).keptSql(version, signal),
    })),
  );
}

function attachActions(connection: Connection, workspace: Workspace, checks: Checks, drifts: Drifts): void {
  connection.onRequest(
    IgnoreDriftRequest,
    reply(async ({ folder, ids, reason }, signal) => {
      const project = await workspace.projectAt(folder);
      const { objects } = drifts.of(project.folder.path) ?? (await drifts.ask(project, signal));
      project.ignoreDrift(
        objects.filter(({ id }) => ids.includes(id)),
        reason,
      );
      drifts.askSoon(project.folder.path);
    }),
  );
  connection.onRequest(
    WriteDriftRequest,
    reply(async ({ folder, title, ids }, signal) => {
      const project = await workspace.projectAt(folder);
      const path = project.writeDriftMigration(await project.driftScript('migration', ids, signal), title);
      workspace.changed('projects');
      return { uri: uriOf(path) };
    }),
  );
  connection.onRequest(
    RecordAppliedRequest,
    reply(async ({ folder, uri, ...consent }, signal) => {
      const project = await workspace.projectAt(folder);
      const path = pathOf(uri) ?? uri;
      await afterwards(workspace, checks, project, () => project.recordApplied(path, consent, signal));
    }),
  );
}

/** So long nothing more has to change before it is asked in the background, in milliseconds. */
const quietMs = 1_000;

/** From the first look at a target on, in milliseconds: whoever opens a window wants other things first. */
const startMs = 5_000;

/** To replay more applied migrations takes too long for what nobody has asked for. */
const mostAtStart = 300;

/** A class because it remembers what was found, by folder. */
class Drifts {
  private readonly known = new Map<string, Drift>();
  private readonly asking = new Map<string, AbortController>();
  private readonly begun = new Set<string>();

  constructor(
    private readonly connection: Connection,
    private readonly workspace: Workspace,
  ) {}

  of(folder: string): Drift | undefined {
    return this.known.get(folder);
  }

  /** @throws {Fault} as Project.drift */
  async ask(project: Project, signal: AbortSignal): Promise<Drift> {
    this.asking.get(project.folder.path)?.abort();
    return this.learn(project, await project.drift(signal));
  }

  /**
   * What was changed before the window was opened moves no more. Nobody works by hand on an embedded database, and an editor
   * that is not ours shows no drift.
   */
  askFirst({ folder: { path }, target }: Project): void {
    if (this.begun.has(path)) return;
    this.begun.add(path);
    if (!this.workspace.ours || !target.local || target.engine === 'embedded') return;
    if (!this.asking.has(path) && !this.known.has(path)) this.askSoon(path, 'first');
  }

  /** When nothing else is to be done; what was asked before that is asked no more. */
  askSoon(folder: string, occasion: 'first' | 'changed' = 'changed'): void {
    this.asking.get(folder)?.abort();
    const ending = new AbortController();
    this.asking.set(folder, ending);
    const ask = async (): Promise<void> => {
      const project = (await this.workspace.projects()).find((it) => it.folder.path === folder);
      if (!project || ending.signal.aborted) return;
      if (occasion === 'first' && (await this.appliedOf(project)) > mostAtStart) return;
      const found = await unlessAborted(project.drift(ending.signal, 'passing'), ending.signal);
      if (found) this.learn(project, found);
    };
    const timer = setTimeout(
      () => inBackground(this.connection, ask()),
      occasion === 'first' ? startMs : quietMs,
    ).unref();
    ending.signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
  }

  /** Other targets, other drift. */
  cancel(): void {
    for (const it of this.asking.values()) it.abort();
    this.asking.clear();
    this.known.clear();
    this.begun.clear();
  }

  private async appliedOf(project: Project): Promise<number> {
    const { migrations } = await this.workspace.status(project);
    return migrations.filter(({ state }) => state === 'applied' || state === 'edited').length;
  }

  private learn({ folder }: Project, found: Drift): Drift {
    this.known.set(folder.path, found);
    if (this.workspace.ours)
      inBackground(this.connection, this.connection.sendNotification(DriftChanged, { folder: uriOf(folder.path) }));
    return found;
  }
}

/** @returns undefined when it was given up */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}

const itemOf = ({ objects, doubts, applied, rehearsedOn, ignoreFile }: Drift): DriftItem => ({
  objects: objects.map(({ ignored, ...it }) => ({ ...it, ...(ignored ? { ignored: ignored.reason } : {}) })),
  doubts,
  applied,
  rehearsedOn,
  ignoreFile: uriOf(ignoreFile),
});
