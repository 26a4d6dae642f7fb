/**
 * What is told of each open migration: diagnostics for the text that they were made from, and where its rehearsal stands.
 */
import { EventEmitter, once } from 'node:events';
import { basename } from 'node:path';
import type { Connection, Diagnostic } from 'vscode-languageserver/node';
import { unlessUnreadable } from '../engine/base/unlessUnreadable';
import { type FileCheck, type Finding, isOwnError } from '../engine/project';
import { type RehearsalState, RehearsalStateChanged } from '../protocol/messages';
import { inBackground, type Trouble } from './background';
import { diagnosticsOf, notChecked } from './diagnostics';
import type { Documents, OpenFile } from './documents';
import { withLooked } from './secondLook';
import type { Workspace } from './workspace';

/** Where the rehearsal of an open migration stands. */
export type CheckState =
  | { readonly kind: 'running'; readonly before: FileCheck | undefined }
  | { readonly kind: 'rehearsed'; readonly check: FileCheck }
  | { readonly kind: 'failed'; readonly message: string; readonly remedy: string | undefined };

/** A file as it was when its check began. */
export interface Subject extends OpenFile {
  readonly version: number;
}

/** A class because it knows what the editor has been told. */
export class CheckStates {
  private readonly states = new Map<string, CheckState>();
  /** Versions of the documents that the last results were made from. */
  private readonly versions = new Map<string, number>();
  /** Tells under the URI of a document that its state has changed. */
  private readonly moved = new EventEmitter().setMaxListeners(0);

  constructor(
    private readonly connection: Connection,
    private readonly workspace: Workspace,
    private readonly documents: Documents,
  ) {}

  /** Undefined when the document is no migration or has not been looked at yet. */
  of(uri: string): CheckState | undefined {
    return this.states.get(uri);
  }

  /** What was found in the text of this document as it stands now; undefined where that is not known yet. */
  current(uri: string): FileCheck | undefined {
    const document = this.documents.get(uri);
    return document && this.toldOf(document);
  }

  /** The same of one that may have been closed. */
  toldOf({ uri, version }: Pick<OpenFile['document'], 'uri' | 'version'>): FileCheck | undefined {
    // While the same text is rehearsed once more, what was told of it stands.
    return this.versions.get(uri) === version ? toldLast(this.states.get(uri)) : undefined;
  }

  /**
   * What the text of this document does, as it stands now: waits for the check of it.
   *
   * @returns undefined when it cannot be checked, or has not been looked at yet
   * @throws the reason of the signal
   */
  async newest(uri: string, signal: AbortSignal): Promise<FileCheck | undefined> {
    for (;;) {
      const state = this.states.get(uri);
      const document = this.documents.get(uri);
      if (!document || !state || state.kind === 'failed') return undefined;
      if (state.kind === 'rehearsed' && this.versions.get(uri) === document.version) return state.check;
      await once(this.moved, uri, { signal });
    }
  }

  running(uri: string): void {
    this.setState(uri, { kind: 'running', before: toldLast(this.states.get(uri)) });
  }

  /** Publishes what a check has found, for the text that it was made from only. */
  rehearsed({ document, version }: Subject, told: FileCheck): void {
    const check = withLooked(told, this.formerOf(document.uri, version));
    if (!check.provisional) this.workspace.world.log(lineOf(check, version));
    if (this.documents.get(document.uri)?.version !== version) return;
    const { files } = this.workspace;
    this.publish(
      document.uri,
      version,
      diagnosticsOf(document.getText(), check.findings, (path) => unlessUnreadable(() => files.read(path))),
    );
    if (check.provisional) return;
    this.versions.set(document.uri, version);
    this.setState(document.uri, { kind: 'rehearsed', check });
  }

  /** What was told last of this version: by the check before, or by this one, which may tell of a file more than once. */
  private formerOf(uri: string, version: number): readonly Finding[] {
    if (this.versions.get(uri) !== version) return [];
    return toldLast(this.states.get(uri))?.findings ?? [];
  }

  failed({ document, version }: Subject, { message, remedy }: Trouble): void {
    if (this.documents.get(document.uri)?.version !== version) return;
    this.publish(document.uri, version, [notChecked(document.getText(), message)]);
    this.setState(document.uri, { kind: 'failed', message, remedy });
  }

  /** Nothing is told of it any more. */
  clear(uri: string): void {
    if (!this.states.delete(uri)) return;
    this.moved.emit(uri);
    this.tell({ uri, kind: 'none' });
    this.publish(uri, this.documents.get(uri)?.version, []);
  }

  private setState(uri: string, state: CheckState): void {
    this.states.set(uri, state);
    this.moved.emit(uri);
    this.tell(sent(uri, state));
  }

  private tell(state: RehearsalState): void {
    if (this.workspace.ours)
      inBackground(this.connection, this.connection.sendNotification(RehearsalStateChanged, state));
  }

  private publish(uri: string, version: number | undefined, diagnostics: Diagnostic[]): void {
    inBackground(
      this.connection,
      this.connection.sendDiagnostics({ uri, diagnostics, ...(version === undefined ? {} : { version }) }),
    );
  }
}

/** Undefined when that was a failure. */
function toldLast(state: CheckState | undefined): FileCheck | undefined {
  switch (state?.kind) {
    case 'running':
      return state.before;
    case 'rehearsed':
      return state.check;
    case 'failed':
    case undefined:
      return undefined;
  }
}

/** One line for the log: how many milliseconds each room took, and no text of the user. */
function lineOf({ path, statements, findings, rooms, rehearsedOn }: FileCheck, version: number): string {
  const parts = Object.entries(rooms).map(([room, took]) => `${room} ${took.toFixed(1)}`);
  const ms = Object.values(rooms).reduce((sum, took) => sum + took, 0);
  return `check ${basename(path)} v${version}: ${statements} statements, ${findings.length} findings, ${ms.toFixed(1)} ms (${parts.join(', ')}) on ${rehearsedOn}`;
}

function sent(uri: string, state: CheckState): RehearsalState {
  switch (state.kind) {
    case 'running':
      return { uri, kind: 'running' };
    case 'failed':
      return {
        uri,
        kind: 'failed',
        message: state.message,
        ...(state.remedy === undefined ? {} : { remedy: state.remedy }),
      };
    case 'rehearsed': {
      const { ms, rehearsedOn, placeBecause, placeLimits, findings } = state.check;
      return {
        uri,
        kind: 'rehearsed',
        ms,
        rehearsedOn,
        placeBecause,
        placeLimits,
        errors: findings.filter(isOwnError).length,
      };
    }
  }
}
