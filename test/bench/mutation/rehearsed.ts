/** Our engine on a folder, in this process: its target is an empty database, so every migration is pending. */
import { createEngine } from '../../../server/engine/engine';
import type { Engine, FileCheck, Project } from '../../../server/engine/project';
import type { PrivateServer } from '../../../server/engine/shadow/privateServer';
import type { Files } from '../../../server/engine/world';
import { diskFiles } from '../../../server/world';
import { assets } from '../../support/places';

export interface Rehearsals {
  readonly project: Project;
  /** As an editor does it: the file has this text now, and is checked upon the shadow that stands before it. */
  check(path: string, text: string): Promise<FileCheck>;
  close(): Promise<void>;
}

export interface Place {
  readonly server: PrivateServer;
  /** Folder with the binaries for the shadow. */
  readonly binaries: string;
  /** For what the engine keeps. */
  readonly storage: string;
  /** Its target: empty, or with what the project's own set-up makes. */
  readonly database: string;
}

export async function openRehearsals(
  folder: string,
  { server, binaries, storage, database }: Place,
): Promise<Rehearsals> {
  const texts = new Map<string, string>();
  const files = withTexts(texts);
  const connection = `postgres://${server.user}:${server.password}@127.0.0.1:${server.port}/${database}`;
  const engine: Engine = createEngine(
    { assets, files, disk: files, storage, environment: {}, now: () => new Date(), log: () => {}, tell: () => {} },
    {
      roots: [folder],
      folders: [folder],
      layout: undefined,
      layouts: () => undefined,
      target: () => ({ kind: 'server', connection }),
      statementMs: 20_000,
      shadow: 'private',
      shadowDataLimit: 0,
      binaries: [binaries],
      observe: 'off',
    },
  );
  const [project] = await engine.projects();
  if (!project) throw new Error(`${folder} holds no migrations`);
  return {
    project,
    async check(path, text) {
      texts.set(path, text);
      const found: FileCheck[] = [];
      await project.check([path], (file) => found.push(file), new AbortController().signal);
      const [file] = found;
      if (!file) throw new Error(`${path} was not checked`);
      return file;
    },
    close: () => engine.close(),
  };
}

/** The disk, read once, under texts that are being edited. */
function withTexts(texts: Map<string, string>): Files {
  return {
    ...diskFiles,
    read(path) {
      const text = texts.get(path) ?? diskFiles.read(path);
      if (text !== undefined) texts.set(path, text);
      return text;
    },
  };
}
