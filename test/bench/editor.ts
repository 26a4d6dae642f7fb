/** An editor as far as a language server can see it: opens one file, edits it, waits for the diagnostics of that version. */
import { type ChildProcess, spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import {
  createProtocolConnection,
  type Diagnostic,
  DidChangeTextDocumentNotification,
  DidOpenTextDocumentNotification,
  ExitNotification,
  InitializedNotification,
  InitializeRequest,
  LogMessageNotification,
  PublishDiagnosticsNotification,
  ShutdownRequest,
  StreamMessageReader,
  StreamMessageWriter,
} from 'vscode-languageserver-protocol/node';

const serverPath = resolve(__dirname, '../../dist/server.js');

/**
 * Until a server has kept what its next start needs, which takes it some seconds of rest.
 *
 * @param storage REHEARSAL_HOME of a server that has started with an empty one
 */
export async function kept(storage: string): Promise<void> {
  const folder = join(storage, 'prepared');
  while (!existsSync(folder) || !readdirSync(folder).some((name) => /^shadow-\w+$/.test(name))) await delay(100);
}

export interface Editor {
  readonly pid: number;
  /** From spawn to the answer to `initialize`, in milliseconds. */
  readonly initializedMs: number;
  /** Opens the file; resolves with the diagnostics of its first version, when all are known. */
  open(path: string, text: string): Promise<readonly Diagnostic[]>;
  /** Replaces the text; resolves with the diagnostics of that version. */
  edit(text: string): Promise<readonly Diagnostic[]>;
  /** The last line of the log that tells of a check. */
  lastCheck(): string;
  /** Resolves when the log has told it. */
  logged(words: string): Promise<void>;
  close(): Promise<void>;
}

/** @param settings those of package.json, without their prefix */
export async function startEditor(
  folder: string,
  environment: Readonly<Record<string, string>>,
  settings: Readonly<Record<string, unknown>>,
): Promise<Editor> {
  const started = performance.now();
  const child = spawn(process.execPath, [serverPath, '--stdio'], {
    cwd: folder,
    env: { ...environment },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const connection = createProtocolConnection(
    new StreamMessageReader(child.stdout),
    new StreamMessageWriter(child.stdin),
  );
  let check = '';
  const log: string[] = [];
  const news = new EventEmitter();
  connection.onNotification(LogMessageNotification.type, ({ message }) => {
    if (message.includes('check ')) check = message;
    log.push(message);
    news.emit('line');
  });
  connection.listen();
  await connection.sendRequest(InitializeRequest.type, {
    processId: process.pid,
    rootUri: pathToFileURL(folder).href,
    capabilities: { textDocument: { publishDiagnostics: { versionSupport: true } } },
    workspaceFolders: [{ uri: pathToFileURL(folder).href, name: basename(folder) }],
    initializationOptions: { trusted: true, settings, targets: {} },
  });
  const initializedMs = performance.now() - started;
  await connection.sendNotification(InitializedNotification.type, {});

  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`the server ended with ${code}`);
  });
  // Nobody waits for it while no answer is wanted.
  ended.catch(() => undefined);
  let [uri, version] = ['', 0];
  const diagnosticsOf = async (wanted: number, send: () => Promise<void>): Promise<readonly Diagnostic[]> => {
    const answer = new Promise<readonly Diagnostic[]>((resolve) => {
      connection.onNotification(PublishDiagnosticsNotification.type, (it) => {
        // What is only known in part is published earlier; no line of the log tells of that.
        if (it.uri === uri && it.version === wanted && check.includes(` v${wanted}: `)) resolve(it.diagnostics);
      });
    });
    await send();
    return Promise.race([answer, ended]);
  };
  return {
    pid: processId(child),
    initializedMs,
    open(path, text) {
      [uri, version] = [pathToFileURL(path).href, 1];
      return diagnosticsOf(version, () =>
        connection.sendNotification(DidOpenTextDocumentNotification.type, {
          textDocument: { uri, languageId: 'sql', version, text },
        }),
      );
    },
    edit(text) {
      version++;
      return diagnosticsOf(version, () =>
        connection.sendNotification(DidChangeTextDocumentNotification.type, {
          textDocument: { uri, version },
          contentChanges: [{ text }],
        }),
      );
    },
    lastCheck: () => check,
    async logged(words) {
      while (!log.some((line) => line.includes(words))) await Promise.race([once(news, 'line'), ended]);
    },
    async close() {
      const gone = once(child, 'exit');
      await connection.sendRequest(ShutdownRequest.type);
      await connection.sendNotification(ExitNotification.type);
      await gone;
      connection.dispose();
    },
  };
}

function processId({ pid }: ChildProcess): number {
  if (pid === undefined) throw new Error('the server did not start');
  return pid;
}
