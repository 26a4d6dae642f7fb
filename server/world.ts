/** The world as Node gives it: files of the disk, the environment, our own folder. */
import { lstatSync, mkdirSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { isMissing, unlessMissing, writeDurably } from './engine/base/durable';
import { Fault } from './engine/base/fault';
import { readRegularFile } from './engine/base/regularFile';
import { systemCode } from './engine/base/systemError';
import type { Files, World } from './engine/world';
import { rememberedFiles } from './engine/base/rememberedFiles';

/** @param parts.assets folder with the bundled workers and WebAssembly files */
export function nodeWorld({ assets, log, tell }: Pick<World, 'assets' | 'log' | 'tell'>): World {
  const files = rememberedFiles(diskFiles);
  return {
    assets,
    log,
    tell,
    files,
    disk: files,
    storage: process.env['REHEARSAL_HOME'] ?? ownFolder(),
    environment: process.env,
    now: () => new Date(),
  };
}

/** Where programs keep their own data: XDG on Linux, Application Support on macOS, LocalAppData on Windows. */
function ownFolder(): string {
  switch (process.platform) {
    case 'darwin':
      return join(homedir(), 'Library', 'Application Support', 'rehearsal');
    case 'win32':
      return join(process.env['LOCALAPPDATA'] ?? join(homedir(), 'AppData', 'Local'), 'rehearsal');
    default:
      return join(process.env['XDG_DATA_HOME'] || join(homedir(), '.local', 'share'), 'rehearsal');
  }
}

/** In UTF-8. */
const mark = Buffer.from('\uFEFF');

const utf8 = new TextDecoder('utf-8', { fatal: true });

export const diskFiles: Files = {
  read(path) {
    try {
      return utf8.decode(readRegularFile(path));
    } catch (error) {
      const missing = isMissing(error) ? whyMissing(path) : undefined;
      if (isMissing(error) && missing === undefined) return undefined;
      const why = error instanceof TypeError ? 'it is no UTF-8 text' : words(error);
      throw new Fault('not-readable', `${path}: ${missing ?? why}.`, error);
    }
  },

  isMarked(path) {
    try {
      return readRegularFile(path).subarray(0, mark.length).equals(mark);
    } catch (error) {
      // Who reads its text will say why.
      if (error instanceof Error) return false;
      throw error;
    }
  },

  list(folder) {
    try {
      const entries = readdirSync(folder, { withFileTypes: true });
      return entries.map((it) => (it.isDirectory() ? `${it.name}/` : it.name)).sort();
    } catch (error) {
      if (isMissing(error)) return [];
      throw new Fault('not-readable', `${folder}: ${words(error)}.`, error);
    }
  },

  write: (path, text) => put(path, () => writeFileSync(path, text, { flag: 'wx' })),
  replace(path, text) {
    put(path, () => {
      demandNoLink(path);
      writeDurably(path, text);
    });
  },
};

function put(path: string, write: () => void): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    write();
  } catch (error) {
    if (error instanceof Fault) throw error;
    const full = systemCode(error) === 'ENOSPC';
    throw new Fault(full ? 'disk-full' : 'not-writable', `${path}: ${words(error)}.`, error);
  }
}

/** What is written takes its place: there would be no link any more, and what it leads to may be no part of the project. */
function demandNoLink(path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink())
    throw new Fault(
      'not-writable',
      `${path} is a symbolic link to ${readlinkSync(path)}, which has to be written itself.`,
    );
}

/** What is there all the same: that is no accident, and who runs it would fail, or find it. */
function whyMissing(path: string): string | undefined {
  // Asked not to throw, Node throws all the same of what lies below a file.
  if (unlessMissing(() => lstatSync(path))?.isSymbolicLink()) return 'it is a symbolic link that leads nowhere';
  // Node lists such a name with this sign in it, and finds no file by that.
  const isMisnamed = path.includes('\uFFFD') && diskFiles.list(dirname(path)).includes(basename(path));
  return isMisnamed ? 'its name is no UTF-8 text' : undefined;
}

const words = (error: unknown): string => (error instanceof Error ? error.message : String(error));
