/** The real bundle dist/server.js as a child process that speaks LSP over stdio, with an editor at its other end. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { connectEditor, type Editor } from './editor';
import { withFolder } from './files';

export interface Running {
  readonly editor: Editor;
  /** Workspace folder, removed afterwards. */
  readonly folder: string;
  /** The server's own folder. */
  readonly storage: string;
  readonly server: ChildProcessByStdio<Writable, Readable, Readable>;
  /** Absolute path of a file of the workspace. */
  readonly path: (name: string) => string;
  /** @returns its absolute path */
  readonly write: (name: string, text: string | Uint8Array) => string;
  /** Everything the server has written to its standard error. */
  readonly complaints: () => string;
}

export interface Beginning {
  /** Files of the workspace by relative path. */
  readonly files: Readonly<Record<string, string | Uint8Array>>;
  /** On top of an environment with nothing but PATH and a home folder of its own. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Program with arguments that is given the command line of the server, and becomes it. */
  readonly within?: readonly string[];
  /** Left out: a plain editor that knows nothing of us. */
  readonly initializationOptions?: unknown;
}

/** Starts a server on a new workspace, says good-bye when `use` is done, and waits for its end. */
export async function withLanguageServer<T>(
  { files, environment, within, initializationOptions }: Beginning,
  use: (running: Running) => Promise<T>,
): Promise<T> {
  return withFolder(async (home) => {
    const folder = join(home, 'work space');
    const path = (name: string) => join(folder, name);
    const write = (name: string, text: string | Uint8Array) => {
      mkdirSync(dirname(path(name)), { recursive: true });
      writeFileSync(path(name), text);
      return path(name);
    };
    for (const [name, text] of Object.entries(files)) write(name, text);
    const server = start(home, environment ?? {}, within ?? []);
    let complaints = '';
    server.stderr.setEncoding('utf8').on('data', (text: string) => (complaints += text));
    const ended = once(server, 'exit');
    const editor = connectEditor(server.stdout, server.stdin);
    try {
      await editor.initialize([folder], initializationOptions);
      return await use({ editor, folder, storage: storageIn(home), server, path, write, complaints: () => complaints });
    } finally {
      if (server.exitCode === null && server.signalCode === null && !server.stdin.destroyed && server.stdin.writable) {
        await editor.connection.sendRequest('shutdown');
        await editor.connection.sendNotification('exit');
      }
      await ended;
      editor.connection.dispose();
    }
  });
}

const storageIn = (home: string): string => join(home, 'storage');

const bundle = resolve(__dirname, '../../dist/server.js');

function start(home: string, environment: Readonly<Record<string, string>>, within: readonly string[]) {
  const [program, ...words] = [...within, process.execPath, bundle, '--stdio'];
  return spawn(program, words, {
    cwd: home,
    stdio: 'pipe',
    env: {
      PATH: process.env['PATH'],
      SystemRoot: process.env['SystemRoot'],
      TMPDIR: process.env['TMPDIR'],
      HOME: home,
      REHEARSAL_HOME: storageIn(home),
      ...environment,
    },
  });
}
