/** One run: an operation, a fault at one of its messages, the next start, and how things stand then. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { quoteIdentifier } from '../../../server/engine/database/quote';
import { snapshotPrefix, trialPrefix } from '../../../server/engine/snapshots/names';
import { listSnapshots } from '../../../server/engine/snapshots/snapshots';
import { startKillable } from '../../support/killable';
import type { MortalServer } from '../../support/mortal';
import type { Errand } from './child';
import type { FaultKind } from './faults';
import { type Content, contentOf, isSame, recovered, stepsIn, violationsIn, withoutHistory } from './judge';
import { content, type Operation, type Scene } from './operations';
import { type Access, aroundOf, type Disk, newDisk, rowsOf, targetAt } from './place';
import { type Moment, Proxy } from './proxy';

export interface Station {
  readonly server: MortalServer;
  readonly proxy: Proxy;
  readonly data: Disk;
  /** Of databases, so that each run has a new one. */
  next: number;
}

/** What an operation does when nothing goes wrong. */
export interface Measured {
  readonly messages: number;
  /** Messages that are sent while the journal stands at the same steps. */
  readonly stretches: readonly Stretch[];
  readonly after: Content;
}

export interface Stretch {
  /** Number of its first message. */
  readonly first: number;
  readonly messages: number;
}

export interface Outcome {
  readonly stands: 'before' | 'after' | 'between' | 'neither';
  /** Steps of the journal that it was cut off at. */
  readonly steps: readonly string[];
  readonly violations: readonly string[];
}

/** Role that owns some of the targets, and may make no databases. */
const keeper = { user: 'keeper', password: 'keeper' };

export async function prepareStation(server: MortalServer, data: Disk): Promise<Station> {
  await rowsOf(server, 'postgres', `create role ${keeper.user} login password '${keeper.password}'`);
  await rowsOf(server, 'postgres', `create tablespace small location '${data.folder}'`);
  await rowsOf(server, 'postgres', `grant create on tablespace small to ${keeper.user}`);
  return { server, proxy: await Proxy.before({ host: '127.0.0.1', port: server.port }), data, next: 0 };
}

/** Without a fault: how many messages it takes, and what comes of it. */
export const measured = (station: Station, operation: Operation): Promise<Measured> =>
  inScene(station, operation, async ({ scene, id, storage }) => {
    const stood: string[] = [];
    station.proxy.arm(
      undefined,
      async () => {},
      () => void stood.push(stepsOf(storage).join()),
    );
    await operation.run(scene, id);
    const firsts = stood.flatMap((it, i) => (i === 0 || it !== stood[i - 1] ? [i] : []));
    const stretches = firsts.map((it, i) => ({ first: it + 1, messages: (firsts[i + 1] ?? stood.length) - it }));
    return { messages: stood.length, stretches, after: await contentOf(station.server, scene.target.database.name) };
  });

const stepsOf = ({ folder }: Disk): readonly string[] => stepsIn(folder, (path) => readFileSync(path, 'utf8'));

export const cutOff = (
  station: Station,
  operation: Operation,
  fault: FaultKind,
  moment: Moment,
  { after }: Measured,
): Promise<Outcome> =>
  inScene(station, operation, async ({ scene, id, access, storage, first }) => {
    const { server, proxy, data } = station;
    const before = await contentOf(server, scene.target.database.name);
    const earlier = await listSnapshots(scene.target, scene.around);
    const steps: string[] = [];
    const errand: Errand = { operation: operation.name, access, storage: storage.folder, id };
    let kill = async (): Promise<void> => {};
    const struck = { server, proxy, storage, data, kill: () => kill() };
    proxy.arm(moment, async (port) => {
      steps.push(...stepsOf(storage));
      await fault.strike(struck, port);
    });
    const isDone = fault.ofProcess
      ? await (async () => {
          const child = startKillable(join(__dirname, 'child.ts'), errand);
          kill = () => child.kill();
          return (await child.ended) === 'done';
        })()
      : await isDoneHere(operation.run(scene, id));
    await proxy.settled();
    proxy.heal();
    await fault.mend?.(struck);
    await recovered(operation, scene);
    const { name } = scene.target.database;
    const expected = { first, before, after, between: operation.between ?? [] };
    const violations = [...(await violationsIn(server, scene, expected))];
    const now = await contentOf(server, name);
    const later = await listSnapshots(scene.target, scene.around);
    const stands = standOf(operation, now, expected, later.length - earlier.length);
    if (stands === 'neither') violations.push(`the target is neither before nor after: ${Object.keys(now).join(', ')}`);
    if (isDone && stands !== 'after') violations.push('it was said to be done, and is not');
    return { stands, steps, violations };
  });

function standOf(
  { changes }: Operation,
  now: Content,
  { before, after, between }: { before: Content; after: Content; between: readonly (readonly string[])[] },
  gained: number,
): Outcome['stands'] {
  if (changes !== 'target') {
    if (!isSame(now, before)) return 'neither';
    return (changes === 'snapshot' ? gained === 1 : gained === -1) ? 'after' : gained === 0 ? 'before' : 'neither';
  }
  if (isSame(now, after)) return 'after';
  const bare = withoutHistory(now);
  // The tool makes its empty history at its first look.
  if (isSame(now, before) || isSame(bare, before)) return 'before';
  const added = Object.keys(bare).filter((it) => !(it in before));
  return between.some((it) => JSON.stringify(it) === JSON.stringify(added.toSorted())) &&
    bare['ledger'] === before['ledger']
    ? 'between'
    : 'neither';
}

/** Of results; a refusal by Postgres is one as well. */
const done: ReadonlySet<unknown> = new Set(['done', 'taken', 'restored', 'switched', 'tried']);

/** A fault is an answer: it says how things stand. */
async function isDoneHere(work: Promise<unknown>): Promise<boolean> {
  try {
    const result = await work;
    return typeof result !== 'object' || result === null || !('kind' in result) || done.has(result.kind);
  } catch (cause) {
    if (cause instanceof Error && ['Fault', 'AbortError'].includes(cause.name)) return false;
    throw cause;
  }
}

interface Made {
  readonly scene: Scene;
  readonly id: string;
  readonly access: Access;
  readonly storage: Disk;
  /** Of the target before it was prepared. */
  readonly first: Content;
}

async function inScene<T>(station: Station, operation: Operation, use: (made: Made) => Promise<T>): Promise<T> {
  const { server, proxy } = station;
  const name = `run${++station.next}`;
  const who = operation.by === 'keeper' ? keeper : { user: server.user, password: server.password };
  const access: Access = { host: '127.0.0.1', port: proxy.port, ...who, database: name };
  const storage = newDisk(2_000);
  proxy.heal();
  const direct = async (text: string): Promise<void> => {
    const client = new Client({ ...access, port: server.port });
    client.on('error', () => {});
    await client.connect();
    try {
      await client.query(text);
    } finally {
      await client.end();
    }
  };
  await rowsOf(server, 'postgres', `create database ${name} owner ${who.user} tablespace small`);
  try {
    // In 15 and later nobody but the owner may make tables in public.
    await rowsOf(server, name, `alter schema public owner to ${who.user}`);
    await direct(content);
    const scene: Scene = { target: targetAt(access), around: aroundOf(storage.folder), sql: direct };
    const first = await contentOf(server, name);
    const id = (await operation.prepare?.(scene)) ?? '';
    return await use({ scene, id, access, storage, first });
  } finally {
    proxy.heal();
    const left = await rowsOf<{ datname: string }>(
      server,
      'postgres',
      `select datname from pg_database where datname = $1 or starts_with(datname, $2) or starts_with(datname, $3)`,
      [name, `${snapshotPrefix}${name}`, `${trialPrefix}${name}`],
    );
    for (const { datname } of left)
      await rowsOf(server, 'postgres', `drop database if exists ${quoteIdentifier(datname)} with (force)`);
    storage.end();
  }
}
