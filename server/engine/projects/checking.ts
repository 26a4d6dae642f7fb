/** A check: pending migrations upon the live schema, applied ones replayed from nothing; results become findings. */
import { setTimeout as delay } from 'node:timers/promises';
import { Laps } from '../base/laps';
import type { Layout } from '../layouts/layout';
import type { Check, CheckRoom, FileCheck, Place, PlaceChoice, Wanted } from '../project';
import type { Chain } from '../rehearsal/chain';
import type { Link } from '../rehearsal/link';
import type { ChainRequest, LinkResult } from '../rehearsal/walk';
import type { Surroundings } from '../rehearsal/findings';
import type { PlacedOutcome } from '../rehearsal/outcome';
import type { RunLimits } from '../rehearsal/run';
import type { Base } from '../shadow/base';
import type { ChosenPlace } from '../shadow/choosePlace';
import type { Bench } from './bench';
import { idempotenceFindings } from './demands';
import { type Demands, filesOf } from './fileChecks';
import type { Ground, SeenMigration } from './ground';
import { canShare, wishedBy } from './links';
import { liveNow, viewOf } from './look';
import { replaysOf } from './replays';
import { askRows } from './rowQuestions';
import { unreadUp } from './unread';
import type { WorkshopKind } from './workshop';

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
  const first = pathsOf(wanted, migrations);
  const isTyped = isOfEditor(wanted);
  const order: CheckOrder = {
    migrations,
    wanted: new Set(first),
    open: new Set(typeof wanted === 'string' ? [] : first),
    manner: isTyped ? 'first' : 'whole',
    live: isStanding(wanted) && bench.hasNewRows ? 'withRows' : 'live',
    layout: folder.layout,
    demands: options.requireIdempotent?.(folder.path) ? idempotenceFindings : () => [],
    limits: { statementMs: options.statementMs },
    observe: options.observe,
    laps,
  };
  // Who waits for the whole waits for the rows too.
  if (!isTyped && !isStanding(wanted)) await bench.adoptRows(await bench.rowCopies.renew(wishedBy(migrations), signal));
  const checked = await checkFiles(bench, order, onFile, signal);
  if (!isTyped) return checked;
  const rest = pathsOf('pending', migrations).filter((path) => !order.wanted.has(path));
  if (rest.length > 0) await checkFiles(bench, { ...order, wanted: new Set(rest) }, onFile, signal);
  if (!(await bench.confirm(signal))) return check(ground, wanted, onFile, laps, signal);
  // In a burst of keystrokes nobody reads what takes longer, and the next one ends it.
  await delay(typingPauseMs, undefined, { signal });
  const isUponOthers = bench.hasNewRows;
  const upon = { ...order, manner: 'again', live: isUponOthers ? 'withRows' : 'live' } as const;
  const again = await checkFiles(bench, upon, onFile, signal);
  if (rest.length > 0) await checkFiles(bench, { ...upon, wanted: new Set(rest) }, onFile, signal);
  if (!isUponOthers) return { ...checked, ms: laps.whole };
  // Only now, so that the next keystroke finds its shadow where it has to stand.
  await bench.adoptRows();
  return { ...again, ms: laps.whole };
}

/** What more migrations than these say of bodies is told when they are opened: the first answer would wait for it. */
const mostLookedAt = 20;

/** Who has not typed for so long may read what a second look shows, in milliseconds. */
const typingPauseMs = 250;

/** What somebody has open: it is told of at once, and again when there is time. */
export const isOfEditor = (wanted: Wanted): wanted is { readonly open: readonly string[] } =>
  typeof wanted !== 'string' && 'open' in wanted;

const isStanding = (wanted: Wanted): wanted is { readonly standing: readonly string[] } =>
  typeof wanted !== 'string' && 'standing' in wanted;

function pathsOf(wanted: Wanted, migrations: readonly SeenMigration[]): readonly string[] {
  if (isStanding(wanted)) return wanted.standing;
  if (isOfEditor(wanted)) return wanted.open;
  if (typeof wanted !== 'string') return wanted;
  const chosen = wanted === 'all' ? migrations : migrations.filter(({ state }) => state === 'pending');
  return chosen.flatMap(({ files }) => [...files.keys()]);
}

interface CheckOrder {
  readonly migrations: readonly SeenMigration[];
  /** Paths of the files asked for. */
  readonly wanted: ReadonlySet<string>;
  /** Paths of the files that are being edited. */
  readonly open: ReadonlySet<string>;
  /** `whole` where nobody is typing: only whole answers count. */
  readonly manner: ChainRequest['manner'];
  /** What pending migrations are rehearsed upon. */
  readonly live: Exclude<WorkshopKind, 'replay'>;
  readonly layout: Pick<Layout, 'directives' | 'psql' | 'platform' | 'oneTransaction'>;
  /** What the project demands of a file beside what Postgres does. */
  readonly demands: Demands;
  readonly limits: RunLimits;
  readonly observe: ChainRequest['observe'];
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
  const rehearsed = asked.some(isPending);
  let place: Where | undefined;
  const replays = replaysOf(
    order.migrations,
    asked.filter((it) => !isPending(it)),
  );
  for (const migrations of replays) place = await checkChain(bench, { ...order, migrations }, 'replay', onFile, signal);
  // With the live schema at hand, what is pending is told upon it; the replay has told of the others.
  if (rehearsed || !place) place = await checkChain(bench, order, order.live, onFile, signal);
  return { ...place, ms: order.laps.whole };
}

async function checkChain(
  bench: Bench,
  order: CheckOrder,
  kind: WorkshopKind,
  onFile: (file: FileCheck) => void,
  signal: AbortSignal,
): Promise<Where> {
  const waiting = new Set(order.wanted);
  const tell = (file: FileCheck): void => {
    waiting.delete(file.path);
    onFile(file);
  };
  const wished = wishedBy(order.migrations);
  order.laps.enter('shadow');
  if (order.manner === 'whole' && kind !== 'replay') await bench.confirm(signal);
  return bench.withWorkshop(
    kind,
    wished,
    async ({ place, chain }, base) => {
      await runChain(bench, order, kind, { place, chain, base, waiting, onFile: tell, onProvisional: onFile }, signal);
      return whereOf(place, base, kind, bench);
    },
    signal,
  );
}

interface Run {
  readonly place: ChosenPlace;
  readonly chain: Chain;
  readonly base: Base;
  /** Paths of the files that are still to be told of: all of them, unless a former shadow got lost on the way. */
  readonly waiting: ReadonlySet<string>;
  readonly onFile: (file: FileCheck) => void;
  readonly onProvisional: (file: FileCheck) => void;
}

async function runChain(
  bench: Bench,
  order: CheckOrder,
  kind: WorkshopKind,
  { place, chain, base, waiting, onFile, onProvisional }: Run,
  signal: AbortSignal,
): Promise<void> {
  const told = new Set(order.migrations.filter(({ state }) => (state === 'pending') === (kind !== 'replay')));
  const links = kind === 'replay' ? order.migrations : [...told];
  const earlier: PlacedOutcome[] = [];
  let unread: Place | undefined;
  // On the server of the target rows are copied for who waits for them only.
  const areAwaited = () => bench.rowCopies.areAwaited && place.kind !== 'same-server';
  const refusals = await bench.rowRefusals.upon(
    base,
    links.flatMap((it) => linksOf(it, kind)),
    areAwaited,
  );
  const around = surroundingsOf(place, base, kind, { bench, order, withRows: refusals.likeness });
  const byLink = new Map(links.flatMap((it) => linksOf(it, kind).map((link) => [link, it])));
  const request: ChainRequest = {
    ...requestFor(order, kind, base, links),
    wanted: (link) => {
      const read = byLink.get(link);
      const wants = (path: string | undefined) => path !== undefined && order.wanted.has(path);
      const mine = read !== undefined && told.has(read);
      return { up: mine && wants(link.up.path), down: mine && wants(link.down?.path) };
    },
    ...(order.manner === 'whole' ? {} : { onProvisional: (result) => provisionals(result).forEach(onProvisional) }),
  };
  const { demands, layout } = order;
  const telling = { waiting, where: around, directives: layout.directives, demands };
  const filesFor = (result: LinkResult, laps: Laps<CheckRoom>): FileCheck[] => {
    const read = byLink.get(result.link);
    return read && told.has(read) ? filesOf(result, read, { ...telling, earlier, unread, laps }) : [];
  };
  const provisionals = (result: LinkResult): FileCheck[] =>
    filesFor(result, new Laps<CheckRoom>('findings')).map((file) => ({ ...file, provisional: true }));
  // Of another shadow all is told that there is to know of it, so that nothing is taken back which comes again.
  if (order.manner === 'again' && !(await chain.look(request, signal)) && kind !== 'withRows') return refusals.keep();
  const rows = askRows(bench.rowAnswers, base, order.manner === 'whole' ? 'once' : 'twice', onFile, signal);
  await chain.run(
    request,
    (result) => {
      const files = filesFor(result, order.laps);
      refusals.learn(result.link.up.path, result.up);
      if (files.length > 0) rows.tell(result.up, files);
      else rows.learn(result.up);
      const read = byLink.get(result.link);
      // What is wrong with a verify script breaks nothing behind it.
      if (result.link === read?.verify) return;
      const left = unreadUp(read);
      if (left) rows.learnNothing();
      unread = left ?? unread;
      earlier.push(...result.up.filter((it) => it.kind !== 'ran' || it.shape.makes.length > 0));
    },
    order.laps,
    signal,
  );
  await rows.done();
  if (order.manner !== 'first') await refusals.keep();
}

/** As they run, one behind the other: all verify scripts, whoever asks, so that what is known of those behind them holds. */
const linksOf = ({ link, replayed, verify }: SeenMigration, kind: WorkshopKind): readonly Link[] => [
  (kind === 'replay' && replayed) || link,
  ...(verify ? [verify] : []),
];

interface Around extends Pick<Surroundings, 'withRows'> {
  readonly bench: Bench;
  readonly order: CheckOrder;
}

function surroundingsOf(
  place: ChosenPlace,
  base: Base,
  kind: WorkshopKind,
  { bench, order, withRows }: Around,
): Surroundings & PlaceChoice {
  const where = whereOf(place, base, kind, bench);
  return {
    ...where,
    // That the embedded engine's shadow holds its database goes without saying.
    on: kind !== 'replay' && bench.target.kind === 'embedded' ? place.label : `${place.label}, ${where.upon}`,
    rows: rowsAreMissing(base) ? 'missing' : 'there',
    withRows,
    platform: order.layout.platform,
    replayed: kind === 'replay',
    extensions: {
      place: place.kind,
      ofTarget: 'setUp' in base && base.setUp.database !== undefined ? base.setUp.available : undefined,
    },
  };
}

/** But for whose outcomes are asked for. */
const requestFor = (
  { open, layout, limits, manner, observe }: CheckOrder,
  kind: WorkshopKind,
  base: Base,
  links: readonly SeenMigration[],
): Omit<ChainRequest, 'wanted'> => ({
  base,
  links: links.flatMap((it) => linksOf(it, kind)),
  isOpen: ({ up, down }) => open.has(up.path) || (down !== undefined && open.has(down.path)),
  psql: layout.psql,
  // What is applied has been applied bit by bit, as it came.
  oneTransaction: kind !== 'replay' && layout.oneTransaction === true && links.every(canShare),
  limits,
  manner,
  othersLookedAt: kind === 'replay' || manner === 'whole' || links.length > mostLookedAt ? 'none' : 'all',
  rowsAreAsked: hasTables(base),
  observe,
});

type Where = Pick<Check, 'rehearsedOn' | 'place' | 'serverVersion' | 'upon' | keyof PlaceChoice>;

const whereOf = (
  { label, kind: place, serverVersion, because, limits }: ChosenPlace,
  base: Base,
  kind: WorkshopKind,
  bench: Bench,
): Where => ({
  rehearsedOn: label,
  place,
  serverVersion,
  upon: stateOfShadow(kind, base, bench),
  placeBecause: because,
  placeLimits: rowsAreMissing(base) ? [...limits, 'It has the schema of the target, not the rows.'] : limits,
});

const rowsAreMissing = (base: Base): boolean => hasTables(base) && !('rows' in base && base.rows);

/** Where the target has none, it has no rows. */
const hasTables = (base: Base): boolean => base.kind === 'dump' && /^CREATE (?:UNLOGGED )?TABLE /m.test(base.sql);

/** What the shadow holds, in words. That of the embedded engine is a copy of its files. */
function stateOfShadow(kind: WorkshopKind, base: Base, { target }: Bench): string {
  if (kind === 'replay') return 'all earlier migrations replayed';
  const hasRows = target.kind === 'embedded' || (base.kind === 'dump' && base.rows !== undefined);
  return `schema ${hasRows ? 'and data ' : ''}of ${target.info.label}`;
}
