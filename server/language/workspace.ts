/** The workspace as the language server knows it: folders, settings, trust, the engine that serves them, its projects. */
import { isDeepStrictEqual } from 'node:util';
import type { ClientCapabilities, InitializeParams, WorkspaceFoldersChangeEvent } from 'vscode-languageserver/node';
import { Fault } from '../engine/base/fault';
import { pathsOf } from '../engine/layouts/migration';
import type { Asking, Engine, EngineOptions, Project, Status, TargetChoice } from '../engine/project';
import type { Files, World } from '../engine/world';
import type { EnvironmentParams } from '../protocol/environments';
import type { HintLevel, Settings } from '../protocol/messages';
import { engineOptions, readInitializationOptions, readSettings } from './options';
import { pathOf } from './uri';

export type CreateEngine = (world: World, options: EngineOptions) => Engine;

/**
 * - `ending`: the engine is about to end, and what runs on it has to end first
 * - `projects`: files or histories changed; lists must be asked for again
 * - `everything`: other settings, folders, targets or trust; every open file must be rehearsed again
 */
export type WorkspaceChange = 'ending' | 'projects' | 'everything';

/** Holds the one engine; a class because its state is what the whole server shares. */
export class Workspace {
  /** As the tools of the user see them: without what is only typed. */
  readonly disk: Files;
  /** With the open documents laid over the disk. */
  readonly files: Files;
  /** False in Restricted Mode: then there are no projects, nothing is connected and nothing is run. */
  trusted = true;
  /** The client sent options of ours, so that it knows our notifications; a plain editor gets plain LSP. */
  ours = false;
  /** What the editor can do; known after initialize. */
  client: ClientCapabilities = {};

  private roots: readonly string[] = [];
  private settings: Settings = readSettings(undefined);
  private readonly targets = new Map<string, TargetChoice>();
  private readonly listeners: ((change: WorkspaceChange) => void)[] = [];
  private readonly askingListeners: ((asking: Asking) => void)[] = [];
  /** By folder, while its tool is asked; they end when the answer is there to be listed. */
  private readonly answers = new Map<string, Promise<void>>();
  private engine: Engine | undefined;
  private found: Promise<readonly Project[]> | undefined;
  /** Of environments that were asked for, by their names. */
  private readonly elsewhere = new Map<string, readonly Project[]>();
  /** By logins; the engine reads them where it looks for its targets. */
  private readonly passwords: Record<string, string> = {};
  private statuses = new WeakMap<Project, Promise<Status>>();

  /**
   * @param world of this machine
   * @param files of the world with the open documents over them
   */
  constructor(
    readonly world: World,
    files: Files,
    private readonly createEngine: CreateEngine,
  ) {
    this.disk = world.disk;
    this.files = files;
  }

  start(params: InitializeParams): void {
    const { trusted, settings, targets } = readInitializationOptions(params.initializationOptions);
    this.ours = typeof params.initializationOptions === 'object' && params.initializationOptions !== null;
    this.client = params.capabilities;
    this.trusted = trusted;
    this.settings = settings;
    this.roots = rootsOf(params);
    for (const [folder, choice] of Object.entries(targets)) this.targets.set(pathOf(folder) ?? folder, choice);
  }

  /** The first folder of the window; undefined when none is open. */
  get root(): string | undefined {
    return this.roots[0];
  }

  onChange(listener: (change: WorkspaceChange) => void): void {
    this.listeners.push(listener);
  }

  /** Told when a tool takes long to answer. */
  onAsking(listener: (asking: Asking) => void): void {
    this.askingListeners.push(listener);
  }

  /**
   * Looked for once, until something changes.
   *
   * @throws {Fault} `bad-usage` when the settings name something that is not there
   */
  projects(): Promise<readonly Project[]> {
    if (!this.trusted) return Promise.resolve([]);
    this.engine ??= this.createEngine(
      { ...this.world, files: this.files },
      {
        ...engineOptions(this.roots, this.settings, this.disk, (folder) => this.targets.get(folder)),
        environmentPasswords: this.passwords,
        onAsking: (asking) => this.asking(asking),
      },
    );
    this.found ??= this.find(this.engine);
    return this.found;
  }

  /** What goes wrong with it is told of the project. */
  private asking(asking: Asking): void {
    const { engine } = this;
    const done = Promise.allSettled([asking.done]).then(() => {
      if (this.answers.get(asking.folder) === done) this.answers.delete(asking.folder);
      if (this.engine === engine) this.changed('everything');
    });
    this.answers.set(asking.folder, done);
    for (const listener of this.askingListeners) listener({ ...asking, done });
  }

  /** A fault is not remembered. */
  private async find(engine: Engine): Promise<readonly Project[]> {
    try {
      return await engine.projects();
    } catch (error) {
      this.found = undefined;
      throw error;
    }
  }

  /** The project that this file is a migration of. */
  async projectOf(path: string): Promise<Project | undefined> {
    const projects = await this.projects();
    return projects.find(({ folder }) => folder.migrations.some((it) => pathsOf(it).includes(path)));
  }

  /**
   * For what is done with it: where its tool is being asked, as that answers.
   *
   * @throws {Fault} `no-migrations` when the folder is no project (any more)
   */
  async projectAt(folderUri: string): Promise<Project> {
    const { folder } = await this.knownProjectAt(folderUri);
    await this.answers.get(folder.path);
    return this.knownProjectAt(folderUri);
  }

  /** As `projectAt`, but without waiting for its tool. */
  async knownProjectAt(folderUri: string): Promise<Project> {
    const project = await this.findProjectAt(folderUri);
    if (!project) throw new Fault('no-migrations', `${pathOf(folderUri) ?? folderUri} has none.`);
    return project;
  }

  async findProjectAt(folderUri: string): Promise<Project | undefined> {
    const path = withoutSlash(pathOf(folderUri) ?? folderUri);
    return (await this.projects()).find(({ folder }) => withoutSlash(folder.path) === path);
  }

  /**
   * The same folder with the target of an environment. Nothing is connected.
   *
   * @throws {Fault} as `knownProjectAt`; `no-such-environment` and others when it is asked
   */
  async projectThere({ folder, environment, password }: EnvironmentParams): Promise<Project> {
    const here = await this.projectAt(folder);
    if (password !== undefined) this.passwords[password.login] = password.value;
    const found = (await this.engine?.projects(environment)) ?? [];
    this.elsewhere.set(environment, found);
    const there = found.find((it) => it.folder.path === here.folder.path);
    if (!there) throw new Fault('no-migrations', `${here.folder.path} has none.`);
    return there;
  }

  /** What the target's history says, asked for once until something changes. */
  status(project: Project): Promise<Status> {
    const known = this.statuses.get(project);
    if (known) return known;
    const asked = project.status();
    this.statuses.set(project, asked);
    return asked;
  }

  /**
   * Makes this the target of a folder; undefined takes the choice back. The engine that follows knows nothing of the
   * former target, whose shadows and servers end. `changed` tells the rest of the server.
   */
  async choose(folder: string, choice: TargetChoice | undefined): Promise<void> {
    if (choice) this.targets.set(folder, choice);
    else this.targets.delete(folder);
    await this.close();
  }

  chosen(folder: string): TargetChoice | undefined {
    return this.targets.get(folder);
  }

  /** Forgets what was looked up, so that it is asked for anew, and tells who listens. */
  changed(change: Exclude<WorkspaceChange, 'ending'>): void {
    this.forget();
    this.tell(change);
  }

  /** As `changed`, but nobody is told: what was looked up may be old, and somebody asks for it right now. */
  forget(): void {
    this.found = undefined;
    this.statuses = new WeakMap();
  }

  /** Forgets what is known of the targets, too: they may have been changed from elsewhere. */
  async lookAnew(): Promise<void> {
    for (const project of [...(await this.projects()), ...[...this.elsewhere.values()].flat()]) project.refresh();
    this.forget();
  }

  async trust(): Promise<void> {
    if (this.trusted) return;
    this.trusted = true;
    await this.startAnew();
  }

  /** How much the inlay hints show. */
  get hintLevel(): HintLevel {
    return this.settings.inlayHints;
  }

  /** Whether the user wants to know when another branch than that of the database is checked out. */
  get databasePerBranch(): boolean {
    return this.ours && this.settings.databasePerBranch;
  }

  async configure(settings: unknown): Promise<void> {
    const former = this.settings;
    this.settings = readSettings(settings);
    if (!isDeepStrictEqual(former, this.settings)) await this.startAnew();
  }

  async changeFolders({ added, removed }: WorkspaceFoldersChangeEvent): Promise<void> {
    const gone = new Set(removed.map(({ uri }) => pathOf(uri)));
    const come = added.flatMap(({ uri }) => pathOf(uri) ?? []);
    this.roots = [...new Set([...this.roots.filter((root) => !gone.has(root)), ...come])];
    await this.startAnew();
  }

  /** Ends the engine with its servers and workers. */
  async close(): Promise<void> {
    const { engine } = this;
    if (!engine) return;
    this.tell('ending');
    this.engine = undefined;
    this.elsewhere.clear();
    this.forget();
    await engine.close();
  }

  private tell(change: WorkspaceChange): void {
    for (const listener of this.listeners) listener(change);
  }

  /** An engine is made for its settings and folders; others need another engine. */
  private async startAnew(): Promise<void> {
    const closing = this.close();
    this.changed('everything');
    await closing;
  }
}

function rootsOf({ workspaceFolders, rootUri, rootPath }: InitializeParams): readonly string[] {
  const uris = workspaceFolders ? workspaceFolders.map(({ uri }) => uri) : rootUri ? [rootUri] : [];
  const paths = uris.flatMap((uri) => pathOf(uri) ?? []);
  return paths.length === 0 && rootPath ? [rootPath] : paths;
}

const withoutSlash = (path: string): string => path.replace(/(?<=.)[\\/]+$/, '');
