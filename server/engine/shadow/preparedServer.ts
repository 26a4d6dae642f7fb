/**
 * A server of our own that need not be made: its files, with the shadow of a base in it, were kept on the disk by a
 * former process. To unpack them takes a tenth of the time of initdb and of loading a schema.
 */
import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { join } from 'node:path';
import type { DiskCache } from '../base/diskCache';
import { Fault } from '../base/fault';
import { type TarEntry, tarBlocks, unpackTar } from '../database/tar';
import type { Base } from './base';
import type { Binaries } from './binaries';
import { type ClusterFiles, type PrivateServer, startServer } from './privateServer';
import type { PreparedShadow } from './serverPlace';

/** All that makes one server another one. */
export interface ServerPlan {
  readonly binaries: Binaries;
  /** For postgresql.conf. */
  readonly settings: Readonly<Record<string, string>>;
  /** Clauses for the databases that are made in it. */
  readonly likeTarget: string;
  readonly cache: DiskCache;
  readonly log: (line: string) => void;
}

export interface StartedServer {
  readonly server: PrivateServer;
  /** What stands in it already. */
  readonly prepared?: PreparedShadow;
}

/**
 * @param base that it is wanted for; undefined when that is not known yet
 * @throws as startServer
 */
export async function startPlanned(plan: ServerPlan, base: Base | undefined): Promise<StartedServer> {
  for (const key of base ? [keyOf(plan, base), keyOf(plan)] : [keyOf(plan)]) {
    const image = await imageOf(plan, key);
    if (!image) continue;
    try {
      const { prepared } = image;
      return { server: await start(plan, image), ...(prepared && { prepared }) };
    } catch (error) {
      if (!(error instanceof Fault) || error.code !== 'no-shadow') throw error;
      plan.log(`shadow: a server that was kept does not start: ${error.message}`);
      await plan.cache.remove(key);
    }
  }
  return { server: await start(plan) };
}

/**
 * Keeps a server for `startPlanned`, made by another one beside that which runs, at the lowest priority.
 *
 * @param prepare makes a shadow of the base on it
 * @throws as startServer, what `prepare` throws, and the reason of the signal
 */
export async function keepPlanned(
  plan: ServerPlan,
  base: Base,
  prepare: (server: PrivateServer) => Promise<PreparedShadow>,
  signal: AbortSignal,
): Promise<void> {
  const key = keyOf(plan, base);
  if (plan.cache.has(key)) return;
  const bare = await keepBare(plan);
  signal.throwIfAborted();
  const server = await start(plan, await imageOf(plan, bare));
  let prepared: PreparedShadow;
  try {
    setPriority(server.pid, constants.priority.PRIORITY_LOW);
    signal.throwIfAborted();
    prepared = await prepare(server);
  } catch (error) {
    await server.stop();
    throw error;
  }
  await keep(plan, key, server, prepared);
}

/**
 * Keeps a server without a shadow for `startPlanned`.
 *
 * @returns its key in the cache
 * @throws as startServer
 */
export async function keepBare(plan: ServerPlan): Promise<string> {
  const key = keyOf(plan);
  if (!plan.cache.has(key)) await keep(plan, key, await start(plan));
  return key;
}

const start = ({ binaries, settings }: ServerPlan, image?: ClusterFiles): Promise<PrivateServer> =>
  startServer({ binaries: binaries.folder, superuser, settings, ...(image && { image }) });

const superuser = 'rehearsal_superuser';

/** Name of the entry of an archive that is no file of the server. */
const aboutName = 'rehearsal.json';

interface About {
  readonly password: string;
  readonly prepared?: PreparedShadow;
}

type Image = ClusterFiles & About;

async function keep(
  { cache }: ServerPlan,
  key: string,
  server: PrivateServer,
  prepared?: PreparedShadow,
): Promise<void> {
  const about: About = { password: server.password, ...(prepared && { prepared }) };
  await server.pack((files) => cache.put(key, tarBlocks(withAbout(about, files))));
}

function* withAbout(about: About, files: Iterable<TarEntry>): Generator<TarEntry> {
  yield { path: aboutName, data: Buffer.from(JSON.stringify(about)) };
  yield* files;
}

async function imageOf({ cache, log }: ServerPlan, key: string): Promise<Image | undefined> {
  const content = await cache.read(key);
  if (!content) return undefined;
  try {
    const [about, ...files] = unpackTar(content);
    if (about?.path !== aboutName) throw new RangeError(`the first entry is no ${aboutName}`);
    return { ...(JSON.parse(String(about.data)) as About), files };
  } catch (error) {
    if (!(error instanceof RangeError) && !(error instanceof SyntaxError)) throw error;
    log(`shadow: a server that was kept is damaged: ${error.message}`);
    await cache.remove(key);
    return undefined;
  }
}

/** Counts up when what is kept changes. */
const format = 1;

/** Without a base, of a cluster as initdb makes it. The same folder on another machine may hold other binaries. */
function keyOf({ binaries, settings, likeTarget }: ServerPlan, base?: Base): string {
  const program = statSync(join(binaries.folder, process.platform === 'win32' ? 'postgres.exe' : 'postgres'));
  const parts = [format, process.platform, process.arch, binaries.folder, binaries.version, program.size];
  const server = [...parts, program.mtimeMs, settings];
  const hash = createHash('sha256').update(JSON.stringify(base ? [...server, likeTarget, base.fingerprint] : server));
  return `${base ? 'shadow' : 'server'}-${hash.digest('hex').slice(0, 32)}`;
}
