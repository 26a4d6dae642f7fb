/** The engine on a workspace of the real disk, as the faces have it. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createEngine } from '../../server/engine/engine';
import type { Check, Engine, EngineOptions, FileCheck, Finding, Project, Wanted } from '../../server/engine/project';
import type { News, World } from '../../server/engine/world';
import { diskFiles } from '../../server/world';
import { bareServers, layBareServer } from '../support/bareServers';
import { withFolder } from '../support/files';
import { assets } from '../support/places';

export interface Workspace {
  /** The workspace folder. */
  readonly root: string;
  readonly world: World;
  /** What the engine has logged. */
  readonly log: string[];
  /** What it told without being asked. */
  readonly news: News[];
  /** Ends with the workspace. */
  engine(options?: Partial<EngineOptions>, world?: Partial<World>): Engine;
  write(path: string, text: string | Uint8Array): void;
  path(relative: string): string;
}

/**
 * @param files texts by path, relative to the workspace folder
 * @param environment all that the engine sees of it
 */
export async function withWorkspace<T>(
  files: Readonly<Record<string, string>>,
  use: (workspace: Workspace) => Promise<T>,
  environment: Readonly<Record<string, string>> = {},
): Promise<T> {
  const bare = await bareServers();
  return withFolder(async (home) => {
    const root = join(home, 'project');
    const log: string[] = [];
    const news: News[] = [];
    const engines: Engine[] = [];
    const path = (relative: string) => join(root, relative);
    const write = (relative: string, text: string | Uint8Array): void => {
      mkdirSync(dirname(path(relative)), { recursive: true });
      writeFileSync(path(relative), text);
    };
    mkdirSync(root);
    for (const [name, text] of Object.entries(files)) write(name, text);
    const world: World = {
      assets,
      files: diskFiles,
      disk: diskFiles,
      environment,
      storage: join(home, 'storage'),
      now: () => new Date(),
      log: (line) => log.push(line),
      tell: (it) => news.push(it),
    };
    const engine = (options: Partial<EngineOptions> = {}, changes: Partial<World> = {}): Engine => {
      for (const folder of options.binaries ?? []) layBareServer(bare.get(folder), world.storage);
      const made = createEngine({ ...world, ...changes }, { ...defaults, roots: [root], ...options });
      engines.push(made);
      return made;
    };
    try {
      return await use({ root, world, log, news, engine, write, path });
    } finally {
      await Promise.all(engines.map((it) => it.close()));
    }
  });
}

export const defaults: EngineOptions = {
  roots: [],
  folders: [],
  layout: undefined,
  layouts: () => undefined,
  target: () => undefined,
  statementMs: 5_000,
  shadow: 'auto',
  shadowDataLimit: 0,
  observe: 'off',
  binaries: [],
};

export const on = (connection: string) => (): ReturnType<EngineOptions['target']> => ({ kind: 'server', connection });

/** The only project of the engine. */
export async function projectOf(engine: Engine): Promise<Project> {
  const [project, ...others] = await engine.projects();
  if (!project || others.length > 0) throw new Error(`there are ${others.length + (project ? 1 : 0)} projects`);
  return project;
}

export interface Checked extends Check {
  readonly files: readonly FileCheck[];
  readonly findings: readonly Finding[];
}

export async function checked(
  project: Project,
  wanted: Wanted = 'pending',
  signal: AbortSignal = new AbortController().signal,
): Promise<Checked> {
  const files: FileCheck[] = [];
  const check = await project.check(wanted, (file) => files.push(file), signal);
  return { ...check, files, findings: files.flatMap(({ findings }) => findings) };
}

/** `code message`, in order. */
export const briefly = ({ findings }: Pick<Checked, 'findings'>): string[] =>
  findings.map(({ sqlState, code, message }) => `${sqlState ?? code} ${message}`);

export const never = new AbortController().signal;
