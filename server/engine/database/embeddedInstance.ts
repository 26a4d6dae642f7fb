/** One running PGlite inside the worker: the protocol in, the messages out, and its data directory as plain entries. */
import { existsSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { MemoryFS, PGlite, protocol } from '@electric-sql/pglite';
import { Fault } from '../base/fault';
import { archiveOf, archivesIn, assetPath, compiled, readAsset } from './embeddedAssets';
import { type TarEntry, unpackTar } from './tar';

/** What every instance of this worker needs; read and compiled once. */
export interface EngineParts {
  readonly assets: string;
  readonly wasm: WebAssembly.Module;
  readonly files: Blob;
}

export type BackendMessage = Parameters<Parameters<InstanceType<typeof protocol.Parser>['parse']>[1]>[0];

const dataFolder = '/pglite/data';
const programFolder = '/pglite';

/**
 * Without PGlite's `-O` (changes of system tables) and its search path, so that it says what a server says. Its
 * buffers are small, because each instance has them to itself.
 */
const startParams = [
  '--single',
  '-F',
  '-j',
  ...settings({
    exit_on_error: 'false',
    log_checkpoints: 'false',
    max_worker_processes: '0',
    max_parallel_workers: '0',
    max_parallel_workers_per_gather: '0',
    max_parallel_maintenance_workers: '0',
    io_method: 'sync',
    shared_buffers: '16MB',
    max_locks_per_transaction: '512',
    max_prepared_transactions: '8',
    min_wal_size: '2MB',
    max_wal_size: '32MB',
    wal_level: 'minimal',
    max_wal_senders: '0',
  }),
];

/** Segments of one megabyte: a new database then is 30 MB instead of 40, and copied that much faster. */
const initDbStartParams = ['--wal-segsize=1'];

/**
 * @param wasm the compiled engine, when the owner of the worker has it; workers share its machine code
 * @throws {Fault} `not-readable` when the files of the engine are not where they should be
 */
export async function loadEngine(assets: string, wasm?: WebAssembly.Module): Promise<EngineParts> {
  const files = new Blob([readAsset(assetPath(assets, 'pglite.data'))]);
  return { assets, wasm: wasm ?? (await compiled(assets, 'pglite.wasm')), files };
}

/** The data directory of an empty database, made when the extension was built; undefined in a build without one. */
export function emptyDataDirectory({ assets }: EngineParts): TarEntry[] | undefined {
  const path = assetPath(assets, 'base.tar.gz');
  return existsSync(path) ? unpackTar(gunzipSync(readAsset(path))) : undefined;
}

export class EmbeddedInstance {
  #broken: Error | undefined;
  readonly #fileSystem: FileSystem;
  /** Archives of extensions that are not in their places yet. */
  readonly #missing: Set<string>;

  private constructor(
    private readonly pglite: PGlite,
    private readonly assets: string,
  ) {
    this.#fileSystem = pglite.Module.FS;
    this.#missing = new Set(archivesIn(assets));
    this.#watchForCrash();
  }

  /** @param entries a data directory; undefined makes a new one, which takes seconds */
  static async start(parts: EngineParts, entries: readonly TarEntry[] | undefined): Promise<EmbeddedInstance> {
    const pglite = await PGlite.create({
      pgliteWasmModule: parts.wasm,
      fsBundle: parts.files,
      startParams,
      initDbStartParams,
      ...(entries
        ? { fs: new LoadedFiles(entries) }
        : { initdbWasmModule: await compiled(parts.assets, 'initdb.wasm') }),
    });
    return new EmbeddedInstance(pglite, parts.assets);
  }

  /**
   * @param bytes messages of the frontend; what is left of them when a COPY ends early is ignored by Postgres
   * @throws {Fault} `connection-lost` when the engine itself broke down; it is of no use any more
   */
  exchange(bytes: Uint8Array, onMessage: (message: BackendMessage) => void): void {
    const parser = new protocol.Parser();
    let ready = false;
    this.exchangeRaw(bytes, (chunk) =>
      parser.parse(chunk, (message) => {
        ready ||= message.name === 'readyForQuery';
        onMessage(message);
      }),
    );
    if (this.#broken || !ready) throw this.#crash();
  }

  /** The same with the bytes of the answer as they come; the caller looks for the end of the answer. */
  exchangeRaw(bytes: Uint8Array, onBytes: (bytes: Uint8Array) => void): void {
    // Asynchronous by name only: without syncToFs all is done when it returns.
    this.pglite
      .execProtocolRawStream(bytes, { syncToFs: false, onRawData: (chunk) => onBytes(chunk.slice()) })
      .catch((error: Error) => (this.#broken = error));
  }

  #crash(): Fault {
    const why = this.#broken?.message ?? 'no end of the answer';
    return new Fault('connection-lost', `the embedded Postgres broke down (${why}).`, this.#broken);
  }

  /** The data directory as it is on disk: call it after a checkpoint and outside of a transaction. */
  entries(): TarEntry[] {
    const found: TarEntry[] = [];
    const visit = (folder: string): void => {
      for (const name of this.#fileSystem.readdir(folder)) {
        if (name === '.' || name === '..') continue;
        const path = `${folder}/${name}`;
        const relative = path.slice(dataFolder.length + 1);
        if (this.#fileSystem.isDir(this.#fileSystem.stat(path).mode)) {
          found.push({ path: relative, data: undefined });
          visit(path);
        } else if (relative !== 'postmaster.pid') found.push({ path: relative, data: this.#fileSystem.readFile(path) });
      }
    };
    visit(dataFolder);
    return found;
  }

  /** Puts the files of contrib extensions in their places; an unknown name is ignored, as Postgres will refuse it. */
  provideExtensions(names: readonly string[]): void {
    for (const archive of new Set(names.map(archiveOf))) {
      if (!this.#missing.delete(archive)) continue;
      const entries = unpackTar(gunzipSync(readAsset(assetPath(this.assets, `${archive}.tar.gz`))));
      for (const entry of entries) this.#place(`${programFolder}/${entry.path}`, entry);
      this.provideExtensions(entries.flatMap(requiredBy));
    }
  }

  async close(): Promise<void> {
    await this.pglite.close();
  }

  #place(path: string, { data }: TarEntry): void {
    this.#fileSystem.mkdirTree(data ? path.slice(0, path.lastIndexOf('/')) : path);
    if (data) this.#fileSystem.writeFile(path, new Uint8Array(data), { canOwn: true });
  }

  /**
   * PGlite catches every exception of its main loop. A refusal by Postgres is one of them (its long jump ends with
   * this status); anything else is a crash, and the answer is then not to be believed.
   */
  #watchForCrash(): void {
    const longJump = 100;
    const entry = '_PostgresMainLoopOnce';
    const module = this.pglite.Module;
    const loop = module[entry];
    module[entry] = () => {
      try {
        loop();
      } catch (error) {
        const refused = typeof error === 'object' && error !== null && 'status' in error && error.status === longJump;
        if (!refused) this.#broken = error instanceof Error ? error : new Error(String(error));
        throw error;
      }
    };
  }
}

/** The methods of Emscripten's file system that are used here. */
interface FileSystem {
  readdir(path: string): string[];
  stat(path: string): { readonly mode: number };
  isDir(mode: number): boolean;
  readFile(path: string): Uint8Array;
  writeFile(path: string, data: Uint8Array, options: { readonly canOwn: boolean }): void;
  mkdirTree(path: string): void;
}

/** A file system in memory that begins with a data directory. Its files are copies: Postgres writes into them. */
class LoadedFiles extends MemoryFS {
  constructor(private readonly entries: readonly TarEntry[]) {
    super();
  }

  override async initialSyncFs(): Promise<void> {
    const files = this.pg?.Module.FS as unknown as FileSystem;
    files.mkdirTree(dataFolder);
    for (const { path, data } of this.entries) {
      if (data) files.writeFile(`${dataFolder}/${path}`, new Uint8Array(data), { canOwn: true });
      else files.mkdirTree(`${dataFolder}/${path}`);
    }
  }
}

/** What `CREATE EXTENSION … CASCADE` would install as well (Postgres documentation, "Extension Files"). */
function requiredBy({ path, data }: TarEntry): readonly string[] {
  const list = path.endsWith('.control')
    ? /^requires\s*=\s*'(.*)'/m.exec(Buffer.from(data ?? []).toString())
    : undefined;
  return list?.[1]?.split(',').map((it) => it.trim()) ?? [];
}

function settings(values: Readonly<Record<string, string>>): string[] {
  return Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}
