/** The real bundle dist/cli.js as a child process, in a folder and an environment of its own. */
import { type ChildProcessByStdio, spawn, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';

export const cliPath = resolve(__dirname, '../../dist/cli.js');

export interface Run {
  /** Undefined when a signal ended it. */
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Workspace {
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
  path(name: string): string;
  write(name: string, text: string | Uint8Array): void;
  /** Runs to the end. Standard input is a pipe that stays open: a prompt would wait for ever. */
  run(...words: string[]): Promise<Run>;
  /** Runs with `--format json`; stdout must be one JSON value. */
  json(
    ...words: string[]
  ): Promise<{ readonly code: number | undefined; readonly value: unknown; readonly stderr: string }>;
  start(words: readonly string[], environment?: Readonly<Record<string, string>>): Child;
}

export type Child = ChildProcessByStdio<Writable, Readable, Readable>;

/** A temporary folder with files; nothing of the machine's own Postgres settings gets in. */
export const withWorkspace = <T>(
  files: Readonly<Record<string, string>>,
  use: (workspace: Workspace) => Promise<T>,
  variables: Readonly<Record<string, string>> = {},
): Promise<T> => inWorkspace({ files, variables, program: () => ({ node: process.execPath, cli: cliPath }) }, use);

/** The same for a user to whom permissions matter: root runs the command line as nobody, from a copy that he may read. */
export const withUnprivileged = <T>(
  files: Readonly<Record<string, string>>,
  use: (workspace: Workspace) => Promise<T>,
): Promise<T> =>
  process.getuid?.() === 0
    ? inWorkspace({ files, variables: {}, program: (base) => copiedTo(base, nobody), user: nobody }, use)
    : withWorkspace(files, use);

const nobody = 65534;

interface Program {
  readonly node: string;
  readonly cli: string;
}

/** The folders of this clone, and of Node, may be closed to others. */
function copiedTo(base: string, user: number): Program {
  const [node, dist] = [join(base, 'node'), join(base, 'dist')];
  copyFileSync(process.execPath, node);
  cpSync(dirname(cliPath), dist, { recursive: true, filter: (path) => !path.endsWith('.map') });
  chmodSync(base, 0o755);
  for (const path of [base, ...readdirSync(base, { recursive: true, encoding: 'utf8' }).map((it) => join(base, it))])
    chownSync(path, user, user);
  return { node, cli: join(dist, 'cli.js') };
}

interface Making {
  readonly files: Readonly<Record<string, string>>;
  readonly variables: Readonly<Record<string, string>>;
  /** Called when the files are there. */
  readonly program: (base: string) => Program;
  /** Number of the user and the group that the command line runs as. */
  readonly user?: number;
}

async function inWorkspace<T>(
  { files, variables, program, user }: Making,
  use: (workspace: Workspace) => Promise<T>,
): Promise<T> {
  const base = realpathSync(mkdtempSync(join(tmpdir(), 'rehearsal-cli-')));
  const home = join(base, 'home');
  const folder = join(base, 'work');
  for (const made of [home, folder]) mkdirSync(made);
  const environment = {
    ...neededVariables(),
    HOME: home,
    USERPROFILE: home,
    APPDATA: home,
    LOCALAPPDATA: home,
    ...variables,
  };
  try {
    for (const [name, content] of Object.entries(files)) writeInto(folder, name, content);
    const identity = user === undefined ? {} : { uid: user, gid: user };
    return await use(openWorkspace(folder, environment, program(base), identity));
  } finally {
    rmSync(base, { recursive: true, force: true });
  }
}

function openWorkspace(
  folder: string,
  environment: Readonly<Record<string, string>>,
  { node, cli }: Program,
  identity: Pick<SpawnOptions, 'uid' | 'gid'>,
): Workspace {
  const path = (name: string) => join(folder, name);
  const start = (words: readonly string[], more: Readonly<Record<string, string>> = {}): Child =>
    spawn(node, [cli, ...words], {
      ...identity,
      cwd: folder,
      env: { ...environment, ...more },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
  const run = (...words: string[]) => ending(start(words));
  return {
    folder,
    environment,
    path,
    write: (name, content) => writeInto(folder, name, content),
    run,
    async json(...words) {
      const { code, stdout, stderr } = await run(...words, '--format', 'json');
      try {
        return { code, value: JSON.parse(stdout), stderr };
      } catch (error) {
        throw new Error(`no JSON: ${stdout}\n${stderr}`, { cause: error });
      }
    },
    start,
  };
}

function writeInto(folder: string, name: string, content: string | Uint8Array): void {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), content);
}

export async function ending(child: Child): Promise<Run> {
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code: typeof code === 'number' ? code : undefined, stdout, stderr };
}

/** Resolves when the text read so far matches. */
export async function said(stream: Readable, pattern: RegExp): Promise<string> {
  let read = '';
  for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
    read += String(chunk);
    if (pattern.test(read)) return read;
  }
  throw new Error(`ended without ${pattern}: ${read}`);
}

/** What a process needs to run at all; no PG* and no DATABASE_URL. */
function neededVariables(): Record<string, string> {
  const names = ['PATH', 'TMPDIR', 'TEMP', 'TMP', 'SYSTEMROOT', 'LANG'];
  return Object.fromEntries(
    names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
}
