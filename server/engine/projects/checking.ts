/** A check: pending migrations upon the live schema, applied ones replayed from nothing; results become findings. */
import type { Laps } from '../base/laps';
import type { LayoutName } from '../layouts/layout';
import type { Check, CheckRoom, FileCheck } from '../project';
import type { Chain, ChainRequest } from '../rehearsal/chain';
import type { Surroundings } from '../rehearsal/findings';
import type { PlacedOutcome } from '../rehearsal/outcome';
import type { RunLimits } from '../rehearsal/run';
import type { Base } from '../shadow/base';
import type { ShadowPlace } from '../shadow/place';
import type { Bench, WorkshopKind } from './bench';
import { filesOf } from './fileChecks';
import type { Ground } from './ground';
import { liveNow, type SeenMigration, viewOf } from './look';

/** Files by their paths, or all of the migrations in that state. */
export type Wanted = readonly string[] | 'pending' | 'all';

/**
 * In turn only. As Project.check.
 *
 * @param laps running since the question was put
 */
export async function check(
  ground: Ground,
  wanted: Wanted,
  onFile: (file: FileCheck) => void,
  laps: Laps<CheckRoom>,
  signal: AbortSignal,
): Promise<Check> {
  signal.throwIfAborted();
  const { bench, folder, options } = ground;
  laps.enter('target');
  const live = await liveNow(ground, signal);
  laps.enter('files');
  const { migrations } = viewOf(ground, live);
  const order: CheckOrder = {
    migrations,
    wanted: new Set(pathsOf(wanted, migrations)),
    editing: typeof wanted !== 'string',
    layout: folder.layout.name,
    limits: { statementMs: options.statementMs },
    laps,
  };
  return checkFiles(bench, order, onFile, signal);
}

function pathsOf(wanted: Wanted, migrations: readonly SeenMigration[]): readonly string[] {
  if (typeof wanted !== 'string') return wanted;
  const chosen = wanted === 'all' ? migrations : migrations.filter(({ state }) => state === 'pending');
  return chosen.flatMap(({ files }) => [...files.keys()]);
}

interface CheckOrder {
  readonly migrations: readonly SeenMigration[];
  /** Paths of the files asked for. */
  readonly wanted: ReadonlySet<string>;
  /** The files are being edited: the last one is what changes next. */
  readonly editing: boolean;
  readonly layout: LayoutName;
  readonly limits: RunLimits;
  readonly laps: Laps<CheckRoom>;
}

/** @returns where it was rehearsed; of both places the one for pending migrations, when there were any */
async function checkFiles(
  bench: Bench,
  order: CheckOrder,
  onFile: (file: FileCheck) => void,
  signal: AbortSignal,
): Promise<Check> {
  const isPending = ({ state }: SeenMigration) => state === 'pending';
  const asked = order.migrations.filter(({ files }) => [...files.keys()].some((path) => order.wanted.has(path)));
  const replayed = !asked.every(isPending);
  const nothingApplied = order.migrations.every(isPending);
  const rehearsed = asked.some(isPending);
  let place: ShadowPlace | undefined;
  if (replayed && !nothingApplied) place = await checkChain(bench, order, 'replay', onFile, signal);
  // With the live schema at hand, what is pending is told upon it; the replay has told of the others.
  if (rehearsed || !place) place = await checkChain(bench, order, 'live', onFile, signal);
  return {
    rehearsedOn: place.label,
    place: place.kind,
    serverVersion: place.serverVersion,
    ms: order.laps.whole,
  };
}

function checkChain(
  bench: Bench,
  order: CheckOrder,
  kind: WorkshopKind,
  onFile: (file: FileCheck) => void,
  signal: AbortSignal,
): Promise<ShadowPlace> {
  const waiting = new Set(order.wanted);
  const tell = (file: FileCheck): void => {
    waiting.delete(file.path);
    onFile(file);
  };
  const texts = order.migrations.map(({ link }) => link.up.text);
  order.laps.enter('shadow');
  return bench.withWorkshop(
    kind,
    texts,
    async ({ place, chain }, base) => {
      await runChain(bench, order, kind, { place, chain, base, waiting, onFile: tell }, signal);
      return place;
    },
    signal,
  );
}

interface Run {
  readonly place: ShadowPlace;
  readonly chain: Chain;
  readonly base: Base;
  /** Paths of the files that are still to be told of: all of them, unless a former shadow got lost on the way. */
  readonly waiting: ReadonlySet<string>;
  readonly onFile: (file: FileCheck) => void;
}

async function runChain(
  bench: Bench,
  order: CheckOrder,
  kind: WorkshopKind,
  { place, chain, base, waiting, onFile }: Run,
  signal: AbortSignal,
): Promise<void> {
  const told = new Set(order.migrations.filter(({ state }) => (state === 'pending') === (kind === 'live')));
  const links = kind === 'live' ? [...told] : order.migrations;
  const where: Surroundings = {
    on: [place.label, stateOfShadow(kind, bench)].filter(Boolean).join(', '),
    // Where the target has no tables, no rows can be missing.
    rows: base.kind === 'dump' && /^CREATE (?:UNLOGGED )?TABLE /m.test(base.sql) ? 'missing' : 'there',
  };
  const byLink = new Map(links.map((it) => [it.link, it]));
  const wants = (path: string | undefined) => path !== undefined && order.wanted.has(path);
  const request: ChainRequest = {
    base,
    links: links.map(({ link }) => link),
    wanted: (link) => {
      const read = byLink.get(link);
      const mine = read !== undefined && told.has(read);
      return { up: mine && wants(link.up.path), down: mine && wants(link.down?.path) };
    },
    editing: order.editing,
    layout: order.layout,
    limits: order.limits,
  };
  const earlier: PlacedOutcome[] = [];
  await chain.run(
    request,
    (result) => {
      const read = byLink.get(result.link);
      if (read && told.has(read)) filesOf(result, read, { waiting, earlier, where, laps: order.laps }).forEach(onFile);
      earlier.push(...result.up.filter((it) => it.kind !== 'ran' || it.shape.makes.length > 0));
    },
    order.laps,
    signal,
  );
}

/** What the shadow holds, in words; that the embedded engine's shadow holds its database goes without saying. */
function stateOfShadow(kind: 'live' | 'replay', { target }: Bench): string {
  if (kind === 'replay') return 'all earlier migrations replayed';
  return target.kind === 'embedded' ? '' : `schema of ${target.info.label}`;
}
