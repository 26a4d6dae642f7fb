/** A small editor for tests: speaks plain LSP to a server and remembers what it was told. */
import { deepEqual } from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import {
  CodeLensRefreshRequest,
  createProtocolConnection,
  type Diagnostic,
  type InitializeParams,
  LogMessageNotification,
  type ProtocolConnection,
  type PublishDiagnosticsParams,
  PublishDiagnosticsNotification,
  RegistrationRequest,
  ShowMessageNotification,
  StreamMessageReader,
  StreamMessageWriter,
} from 'vscode-languageserver-protocol/node';
import { positionsIn } from '../../server/language/positions';
import { uriOf } from '../../server/language/uri';
import { BranchMoved, type BranchState } from '../../server/protocol/branches';
import { ProjectsChanged, type RehearsalState, RehearsalStateChanged } from '../../server/protocol/messages';

export interface Editor {
  readonly connection: ProtocolConnection;
  /** Lines of window/logMessage. */
  readonly log: readonly string[];
  /** What window/showMessage has put before the user. */
  readonly shown: readonly string[];
  /** Everything published so far, oldest first. */
  readonly published: readonly PublishDiagnosticsParams[];
  /** Where the rehearsals stood, oldest first. */
  readonly states: readonly RehearsalState[];
  /** Branches that it has told of. */
  readonly moved: readonly BranchState[];
  /** How often the server asked to draw lenses, and to ask for the projects again. */
  readonly told: { lenses: number; projects: number; registrations: readonly string[] };
  initialize(folders: readonly string[], initializationOptions?: unknown): Promise<void>;
  open(path: string, text: string): void;
  /** Replaces the whole text. @returns the version of the new text */
  edit(path: string, text: string): number;
  /** Puts `inserted` in the place of the first `found`. @returns the version of the new text */
  replace(path: string, found: string, inserted: string): number;
  close(path: string): void;
  /** What was last published for a file, as soon as that was made from this version. */
  diagnostics(path: string, version?: number): Promise<readonly Diagnostic[]>;
  /** Waits until it holds; asked anew after each message of the server. */
  until(holds: () => boolean, what: string): Promise<void>;
}

export function connectEditor(fromServer: NodeJS.ReadableStream, toServer: NodeJS.WritableStream): Editor {
  const connection = createProtocolConnection(new StreamMessageReader(fromServer), new StreamMessageWriter(toServer));
  const heard = new EventEmitter().setMaxListeners(0);
  const log: string[] = [];
  const shown: string[] = [];
  const published: PublishDiagnosticsParams[] = [];
  const states: RehearsalState[] = [];
  const moved: BranchState[] = [];
  const told = { lenses: 0, projects: 0, registrations: [] as string[] };
  const texts = new Map<string, { version: number; text: string }>();
  const hear = (take: () => void) => {
    take();
    heard.emit('message');
  };
  connection.onNotification(LogMessageNotification.type, ({ message }) => hear(() => log.push(message)));
  connection.onNotification(ShowMessageNotification.type, ({ message }) => hear(() => shown.push(message)));
  connection.onNotification(PublishDiagnosticsNotification.type, (params) => hear(() => published.push(params)));
  connection.onNotification(ProjectsChanged, () => hear(() => told.projects++));
  connection.onNotification(BranchMoved, (state) => hear(() => moved.push(state)));
  connection.onNotification(RehearsalStateChanged, (state) => hear(() => states.push(state)));
  connection.onRequest(CodeLensRefreshRequest.type, () => hear(() => told.lenses++));
  connection.onRequest(RegistrationRequest.type, ({ registrations }) =>
    hear(() => told.registrations.push(...registrations.map(({ method }) => method))),
  );
  connection.listen();

  const textOf = (path: string) => {
    const known = texts.get(path);
    if (!known) throw new Error(`${path} is not open`);
    return known;
  };
  const change = (path: string, text: string, contentChanges: object[]) => {
    const version = textOf(path).version + 1;
    texts.set(path, { version, text });
    void connection.sendNotification('textDocument/didChange', {
      textDocument: { uri: uriOf(path), version },
      contentChanges,
    });
    return version;
  };
  const until = async (holds: () => boolean, what: string) => {
    while (!holds()) {
      const timeout = AbortSignal.timeout(120_000);
      await once(heard, 'message', { signal: timeout }).catch(() => {
        throw new Error(`${what} did not come. The log:\n${log.join('\n')}\n${JSON.stringify(published.slice(-5))}`);
      });
    }
  };
  const lastOf = (path: string) => published.findLast(({ uri }) => uri === uriOf(path));

  return {
    connection,
    log,
    shown,
    published,
    states,
    moved,
    told,
    until,
    async initialize(folders, initializationOptions) {
      const params: InitializeParams = {
        processId: null,
        rootUri: null,
        workspaceFolders: folders.map((path) => ({ uri: uriOf(path), name: path })),
        capabilities: {
          workspace: {
            workspaceFolders: true,
            codeLens: { refreshSupport: true },
            didChangeWatchedFiles: { dynamicRegistration: true },
            workspaceEdit: { documentChanges: true, resourceOperations: ['create', 'rename'] },
          },
          textDocument: { completion: { completionItem: { snippetSupport: true } } },
        },
        ...(initializationOptions === undefined ? {} : { initializationOptions }),
      };
      await connection.sendRequest('initialize', params);
      await connection.sendNotification('initialized', {});
    },
    open(path, text) {
      texts.set(path, { version: 1, text });
      void connection.sendNotification('textDocument/didOpen', {
        textDocument: { uri: uriOf(path), languageId: 'sql', version: 1, text },
      });
    },
    edit: (path, text) => change(path, text, [{ text }]),
    replace(path, found, inserted) {
      const { text } = textOf(path);
      const start = text.indexOf(found);
      if (start < 0) throw new Error(`${found} is not in ${path}`);
      const at = positionsIn(text);
      const range = { start: at(start), end: at(start + found.length) };
      return change(
        path,
        text.replace(found, () => inserted),
        [{ range, text: inserted }],
      );
    },
    close(path) {
      texts.delete(path);
      void connection.sendNotification('textDocument/didClose', { textDocument: { uri: uriOf(path) } });
    },
    async diagnostics(path, version = texts.get(path)?.version) {
      await until(() => lastOf(path)?.version === version, `diagnostics of ${path} for version ${version}`);
      return lastOf(path)?.diagnostics ?? [];
    },
  };
}

/** `1:7-1:12 42P01 relation …`, counted as the editor shows it, from 1. */
export function told(diagnostics: readonly Diagnostic[]): string[] {
  return diagnostics.map(({ range: { start, end }, code, message }) => {
    const place = [start, end].map(({ line, character }) => `${line + 1}:${character + 1}`).join('-');
    return `${place} ${code} ${typeof message === 'string' ? message : message.value}`;
  });
}

export function sameTold(diagnostics: readonly Diagnostic[], expected: readonly string[]): void {
  deepEqual(told(diagnostics), expected);
}
