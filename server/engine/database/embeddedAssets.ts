/** The files of the embedded engine that lie beside the bundles. */
import { readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '../base/fault';

export const assetPath = (assets: string, name: string): string => join(assets, 'pglite', name);

/** @throws {Fault} `not-readable` */
export function readAsset(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw missing(path, error);
  }
}

/** Names of the archives with extensions. */
export const archivesIn = (assets: string): string[] =>
  readdirSync(assetPath(assets, '')).flatMap((name) => /^(.+)\.tar\.gz$/.exec(name)?.[1] ?? []);

/** Extensions that lie in an archive of another name. */
const inSpi = ['autoinc', 'insert_username', 'moddatetime', 'refint'];

export const archiveOf = (extension: string): string => (inSpi.includes(extension) ? 'spi' : extension);

/** Extensions that the embedded engine can install. */
export const embeddedExtensions = (assets: string): ReadonlySet<string> =>
  new Set(['plpgsql', ...inSpi, ...archivesIn(assets)]);

const compiling = new Map<string, Promise<WebAssembly.Module>>();

/**
 * The compiled module of a file, compiled once in this thread: it never changes, and workers that are given it share
 * its machine code.
 *
 * @throws {Fault} `not-readable`
 */
export function compiled(assets: string, name: string): Promise<WebAssembly.Module> {
  const path = assetPath(assets, name);
  const module =
    compiling.get(path) ?? readFile(path).then(compile, (error: unknown) => Promise.reject(missing(path, error)));
  compiling.set(path, module);
  module.catch(() => compiling.delete(path));
  return module;
}

/**
 * pg_dump compiles its file by itself, in every worker anew, for half a second of processor. While this thread holds a
 * module of the same bytes, V8 hands out that one with its machine code (NativeModuleCache in src/wasm/wasm-engine.h of
 * V8; measured: 240 instead of 850 ms of processor for each dump but the first).
 *
 * @throws {Fault} `not-readable`
 */
export const compiledDump = (assets: string): Promise<WebAssembly.Module> => compiled(assets, 'pg_dump.wasm');

/** Node has it, while its types of version 20 do not. */
const { compile } = Reflect.get(globalThis, 'WebAssembly') as {
  readonly compile: (bytes: Uint8Array) => Promise<WebAssembly.Module>;
};

function missing(path: string, error: unknown): Fault {
  if (!(error instanceof Error)) throw error;
  return new Fault('not-readable', `${path} belongs to the extension and is missing.`, error);
}
