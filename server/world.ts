/** The world as Node gives it: files of the disk, the environment, our own folder. */
import { lstatSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { writeDurably } from './engine/base/durable';
import { Fault } from './engine/base/fault';
import { readRegularFile } from './engine/base/regularFile';
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
      const nowhere = isMissing(error) && isLink(path);
      if (isMissing(error) && !nowhere) return undefined;
      const why = error instanceof TypeError ? 'it is no UTF-8 text' : words(error);
      throw new Fault('not-readable', `${path}: ${nowhere ? 'it is a symbolic link that leads nowhere' : why}.`, error);
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
  replace: (path, text) => put(path, () => writeDurably(path, text)),
};

function put(path: string, write: () => void): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    write();
  } catch (error) {
    if (error instanceof Fault) throw error;
    const full = error instanceof Error && 'code' in error && error.code === 'ENOSPC';
    throw new Fault(full ? 'disk-full' : 'not-writable', `${path}: ${words(error)}.`, error);
  }
}

const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');

/** Also one that leads nowhere: that it is there is no accident, and who runs it would fail. */
const isLink = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;

const words = (error: unknown): string => (error instanceof Error ? error.message : String(error));
