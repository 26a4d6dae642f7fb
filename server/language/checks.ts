/** When is what checked? The open migrations, in the background: after each edit, and when their target has changed. */
import { CodeLensRefreshRequest, type Connection, InlayHintRefreshRequest } from 'vscode-languageserver/node';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import { Fault, passingFaults } from '../engine/base/fault';
import { withoutMark } from '../engine/base/text';
import { unlessUnreadable } from '../engine/base/unlessUnreadable';
import { pathsOf } from '../engine/layouts/migration';
import type { ApplyResult, FileCheck, Glance, Occasion, Project } from '../engine/project';
import { inBackground, logTrouble, type Trouble, troubleOf } from './background';
import { type CheckState, CheckStates, type Subject } from './checkStates';
import type { Documents } from './documents';
import { type Latest, latest } from './latest';
import { type Looks, repeatedLooks } from './looks';
import { FolderNames } from './names';
import { OtherFiles } from './otherFiles';
import { Refusals } from './refusals';
import { pathOf } from './uri';
import { Verdicts } from './verdicts';
import type { Workspace } from './workspace';

type RefusedInFile = Pick<Extract<ApplyResult, { kind: 'refused' }>, 'finding' | 'text'>;

type OnLook = (project: Project) => void;

type OnMoved = (folder: string, by: 'others' | 'us') => void;

/**
 * A class because every part of the server asks the same one.
 *
 * @param retryMs pause before a project whose server does not answer is checked again, in milliseconds
 */
export class Checks {
  /** The client draws code lenses again when asked to; known after initialize. */
  refreshesLenses = false;
  /** The same for inlay hints. */
  refreshesHints = false;
  /** Where each open migration stands. */
  readonly states: CheckStates;
  /** What came of down scripts that were tried. */
  readonly verdicts: Verdicts;
  private readonly queues = new Map<string, Latest>();
  private readonly faults = new Map<string, Trouble>();
  private readonly retries = new Map<string, NodeJS.Timeout>();
  private readonly others: OtherFiles;
  private readonly refusals = new Refusals();
  private readonly names: FolderNames;
  private readonly movedListeners: OnMoved[] = [];
  private readonly lookListeners: OnLook[] = [];
  private readonly looks: Looks = repeatedLooks((folder, occasion) => this.look(folder, occasion));

  constructor(
    private readonly connection: Connection,
    private readonly workspace: Workspace,
    private readonly documents: Documents,
    private readonly retryMs: number,
  ) {
    this.states = new CheckStates(connection, workspace, documents);
    this.verdicts = new Verdicts(connection, workspace, () => this.redraw());
    this.others = new OtherFiles(connection, documents, workspace.files);
    this.names = new FolderNames(workspace.disk);
    documents.onOpen((document) => inBackground(this.connection, this.opened(document.uri)));
    documents.onChange((document) => {
      this.looks.awake();
      this.verdicts.stop();
      inBackground(this.connection, this.changed(document.uri));
    });
    documents.onClose((document) => inBackground(this.connection, this.closed(document)));
    workspace.onChange((change) => {
      if (change === 'ending') this.cancel();
      else if (change === 'everything') inBackground(this.connection, this.recheck());
    });
  }

  /** Why the last check of the project at this folder could not be made. */
  faultOf(folder: string): Trouble | undefined {
    return this.faults.get(folder);
  }

  /**
   * Rehearses the project of this document, or all open documents, at once. Ends when the results are published.
   *
   * @returns where this document, or each of them, stands now
   */
  async recheck(uri?: string): Promise<readonly CheckState[]> {
    const files = this.documents.files().filter(({ document }) => uri === undefined || document.uri === uri);
    const folders = new Set<string>();
    for (const { path, document } of files) {
      const project = await this.workspace.projectOf(path);
      if (project) folders.add(project.folder.path);
      else this.states.clear(document.uri);
    }
    // What was told of a project that is not there any more is taken back.
    if (uri === undefined) for (const folder of this.queues.keys()) folders.add(folder);
    await Promise.all([...folders].map((folder) => this.queue(folder).request('at once')));
    return files.flatMap(({ document }) => this.states.of(document.uri) ?? []);
  }

  private cancel(): void {
    for (const queue of this.queues.values()) queue.cancel();
    for (const timer of this.retries.values()) clearTimeout(timer);
    this.looks.cancel();
    this.verdicts.stop();
  }

  private async changed(uri: string): Promise<void> {
    const file = this.documents.files().find(({ document }) => document.uri === uri);
    if (!file) return;
    const project = await this.workspace.projectOf(file.path);
    if (project) await this.queue(project.folder.path).request();
    else this.states.clear(uri);
  }

  /** A file that is no migration yet may be one of a folder that came after the folders were looked up. */
  private async opened(uri: string): Promise<void> {
    const path = pathOf(uri);
    if (path === undefined || (await this.workspace.projectOf(path))) return;
    this.workspace.forget();
    await this.changed(uri);
  }

  /**
   * What was typed and not saved is gone, and migrations that are still open may have stood on it. Where all was saved and
   * none is open any more, what was told last stays among the problems.
   */
  private async closed(document: TextDocument): Promise<void> {
    const told = this.states.toldOf(document);
    this.states.clear(document.uri);
    if (!told || !(await this.keepTold(document, told))) await this.recheck();
  }

  /** @returns false when it has to be told anew */
  private async keepTold(document: TextDocument, told: FileCheck): Promise<boolean> {
    const { path } = told;
    const isSaved = unlessUnreadable(() => this.workspace.disk.read(path)) === withoutMark(document.getText());
    const project = isSaved ? await this.workspace.projectOf(path) : undefined;
    if (!project || this.subjectsOf(project).length > 0) return false;
    const { migrations } = await this.workspace.status(project);
    const isPending = migrations.some(
      ({ state, migration }) => state === 'pending' && [migration?.upPath, migration?.downPath].includes(path),
    );
    if (isPending) this.others.publish(project.folder.path, told);
    return true;
  }

  private queue(folder: string): Latest {
    const known = this.queues.get(folder);
    if (known) return known;
    const made = latest((signal, answered) => this.check(folder, signal, answered));
    this.queues.set(folder, made);
    return made;
  }

  private async check(folder: string, signal: AbortSignal, answered: () => void): Promise<void> {
    let subjects: readonly Subject[] = [];
    clearTimeout(this.retries.get(folder));
    try {
      const project = (await this.workspace.projects()).find((it) => it.folder.path === folder);
      subjects = project ? this.subjectsOf(project) : [];
      if (!project || subjects.length === 0) return this.others.clear(folder);
      this.watch(folder);
      for (const { document } of subjects) this.states.running(document.uri);
      await this.rehearse(project, subjects, signal, answered);
      this.setFault(folder, undefined);
      // Not before somebody has paused: to copy rows keeps the machine busy.
      if (!signal.aborted) inBackground(this.connection, this.copyRows(project));
      this.verdicts.soon(
        project,
        subjects.map(({ path }) => path),
      );
    } catch (error) {
      // What goes wrong with a check that nobody waits for any more says nothing about the newest text.
      if (!signal.aborted) this.fail(folder, subjects, error);
    }
    if (!signal.aborted) this.redraw();
  }

  /** The target of the project at this folder is looked at from now on, while somebody is at the editor. */
  watch(folder: string): void {
    this.names.know(folder);
    this.looks.add(folder);
  }

  /** Told when somebody has changed the schema or the history of the target of the project at a folder. */
  onMoved(listener: OnMoved): void {
    this.movedListeners.push(listener);
  }

  /** Told whenever a target has been looked at, and has answered. */
  onLook(listener: OnLook): void {
    this.lookListeners.push(listener);
  }

  moved(folder: string, by: 'others' | 'us'): void {
    for (const listener of this.movedListeners) listener(folder, by);
  }

  /** Somebody comes back to the editor, and may have changed a target elsewhere, in psql or by the tool itself. */
  lookForChanges(): void {
    this.looks.soon();
  }

  /** Beside what runs, and never waited for. */
  private async look(folder: string, occasion: Occasion): Promise<Glance | 'later'> {
    // Where others change the schema all the time, no check would ever come to its end.
    if (this.queue(folder).isWaitedFor) return 'later';
    try {
      if (this.names.haveChanged(folder)) {
        this.workspace.changed('projects');
        this.recheckInBackground();
      }
      const project = (await this.workspace.projects()).find((it) => it.folder.path === folder);
      const glance = (await project?.refreshIfMoved(occasion)) ?? 'same';
      if (glance === 'moved') {
        this.refusals.forget(folder);
        this.moved(folder, 'others');
        this.workspace.changed('projects');
      }
      const isNews = glance === 'moved' || (glance === 'rows' && project && this.subjectsOf(project).length > 0);
      if (isNews) inBackground(this.connection, this.queue(folder).request('at once'));
      if (project && glance !== 'silent') for (const listener of this.lookListeners) listener(project);
      return glance;
    } catch (error) {
      logTrouble(this.connection, `look at the target of ${folder}`, error);
      return 'silent';
    }
  }

  /** Its target is about to become another one, or somebody wants to know anew: what was refused may run. */
  forgetRefusals({ folder }: Project): void {
    this.refusals.forget(folder.path);
  }

  /** The target has refused this when its migration was applied. */
  keepRefusal({ folder, target }: Project, { finding: { path, ...finding }, text }: RefusedInFile): void {
    this.refusals.keep(path, { finding, text, folder: folder.path }, target.label);
  }

  private async copyRows(project: Project): Promise<void> {
    if ((await project.copyRows()) && this.subjectsOf(project).length > 0)
      await this.queue(project.folder.path).request('at once');
  }

  private subjectsOf({ folder }: Project): readonly Subject[] {
    const paths = folder.migrations.flatMap(pathsOf);
    return [...new Set(paths)].flatMap((path) => {
      const document = this.documents.at(path);
      return document ? [{ path, document, version: document.version }] : [];
    });
  }

  private async rehearse(
    project: Project,
    subjects: readonly Subject[],
    signal: AbortSignal,
    answered: () => void,
  ): Promise<void> {
    const byPath = new Map(subjects.map((subject) => [subject.path, subject]));
    const waiting = new Map(byPath);
    const { files } = this.workspace;
    const take = (told: FileCheck) => {
      if (signal.aborted) return;
      const file = this.refusals.addTo(
        told,
        unlessUnreadable(() => files.read(told.path)),
      );
      const subject = byPath.get(file.path);
      if (!subject) return this.others.publish(project.folder.path, file);
      if (!file.provisional) waiting.delete(file.path);
      this.states.rehearsed(subject, file);
      if (waiting.size === 0) answered();
    };
    this.others.begin(project.folder.path);
    await withSecondTry(signal, () => project.check({ open: subjects.map(({ path }) => path) }, take, signal));
    if (signal.aborted) return;
    this.others.end(project.folder.path);
    for (const subject of waiting.values()) this.states.clear(subject.document.uri);
  }

  private fail(folder: string, subjects: readonly Subject[], error: unknown): void {
    const trouble = troubleOf(error);
    const { message } = trouble;
    // A server that is down is tried again and again; that it is still down is no news.
    if (this.faults.get(folder)?.message !== message) logTrouble(this.connection, `check of ${folder}`, error);
    for (const subject of subjects) this.states.failed(subject, trouble);
    this.setFault(folder, trouble);
    if (!passingFaults.has(trouble.fault)) return;
    const retry = () => inBackground(this.connection, this.queue(folder).request('at once'));
    this.retries.set(folder, setTimeout(retry, this.retryMs).unref());
  }

  /** The lists of the client show the fault too. */
  private setFault(folder: string, fault: Trouble | undefined): void {
    if (this.faults.get(folder)?.message === fault?.message) return;
    if (fault) this.faults.set(folder, fault);
    else this.faults.delete(folder);
    this.workspace.changed('projects');
  }

  /** Asks the editor to ask again for what it draws beside the text. */
  redraw(): void {
    if (this.refreshesHints) inBackground(this.connection, this.connection.sendRequest(InlayHintRefreshRequest.type));
    if (this.refreshesLenses) inBackground(this.connection, this.connection.sendRequest(CodeLensRefreshRequest.type));
  }

  /** As `recheck`, for who does not wait. */
  recheckInBackground(): void {
    inBackground(this.connection, this.recheck());
  }
}

/** A shadow or a connection that died is made anew by the next check, so that is tried before the user is told. */
async function withSecondTry<T>(signal: AbortSignal, check: () => Promise<T>): Promise<T> {
  try {
    return await check();
  } catch (error) {
    if (signal.aborted || !(error instanceof Fault) || !['shadow-lost', 'connection-lost'].includes(error.code))
      throw error;
    return check();
  }
}
