/** The schema before and after migrations, by rehearsing them, and what a check finds in them. */
import { Fault } from '../base/fault';
import { Laps } from '../base/laps';
import { previewOf } from '../preview/preview';
import { type CheckRoom, type FileCheck, isErrorOfUp, type Preview } from '../project';
import type { Link } from '../rehearsal/link';
import type { ChainRequest } from '../rehearsal/walk';
import type { Base } from '../shadow/base';
import { check } from './checking';
import type { Ground, SeenMigration } from './ground';
import { canShare } from './links';
import { look } from './look';
import { replayOf } from './replays';
import type { Workshop, WorkshopKind } from './workshop';

/**
 * In turn only.
 *
 * @param path of a file of one migration, or `pending`: all of them
 * @throws {Fault} `no-such-migration`; as Bench.live and Bench.withWorkshop
 */
export async function previewFrom(ground: Ground, path: string, signal: AbortSignal): Promise<Preview> {
  signal.throwIfAborted();
  const { bench, folder } = ground;
  const { migrations } = await look(ground, signal);
  const { kind, chosen, span } = spanOf(path, migrations, folder.path);
  const rehearsed = async ({ chain, place }: Workshop, base: Base): Promise<Preview> => {
    const dumps = await chain.dumps(requestOf(ground, kind, chosen, base), span, signal);
    return { ...previewOf(dumps), rehearsedOn: place.label, refused: dumps.refused, errors };
  };
  const errors = await errorsIn(ground, chosen.slice(span.from, span.to), signal);
  const wished = migrations.flatMap(({ extensions }) => extensions);
  await bench.confirm(signal);
  return bench.withWorkshop(kind === 'live' && bench.hasNewRows ? 'withRows' : kind, wished, rehearsed, signal);
}

/** For the schema before and after links of the chain. */
export const requestOf = (
  ground: Ground,
  kind: WorkshopKind,
  chosen: readonly SeenMigration[],
  base: Base,
): ChainRequest => ({
  ...upsOnly(
    ground,
    base,
    chosen.map(({ link }) => link),
  ),
  oneTransaction: kind === 'live' && ground.folder.layout.oneTransaction === true && chosen.every(canShare),
});

/** Runs the up scripts of links and tells nothing but what becomes of them. */
export const upsOnly = ({ folder, options }: Ground, base: Base, links: readonly Link[]): ChainRequest => ({
  base,
  links,
  wanted: () => ({ up: true, down: false }),
  isOpen: () => false,
  manner: 'first',
  othersLookedAt: 'none',
  rowsAreAsked: false,
  observe: 'off',
  psql: folder.layout.psql,
  limits: { statementMs: options.statementMs },
});

/** What a check says of these migrations, upon the rows that the preview stands on too. */
export async function errorsIn(
  ground: Ground,
  migrations: readonly SeenMigration[],
  signal: AbortSignal,
): Promise<Preview['errors']> {
  const standing = migrations.map(({ link }) => link.up.path);
  if (standing.length === 0) return [];
  const files: FileCheck[] = [];
  await check(ground, { standing }, (file) => files.push(file), new Laps<CheckRoom>('turn'), signal);
  return files.flatMap(({ path, findings }) => findings.filter(isErrorOfUp).map((it) => ({ ...it, path })));
}

interface Span {
  readonly kind: WorkshopKind;
  /** The links of the chain. */
  readonly chosen: readonly SeenMigration[];
  readonly span: { readonly from: number; readonly to: number };
}

/** What is applied is replayed from nothing; what is pending stands upon the live schema. */
export function spanOf(path: string, migrations: readonly SeenMigration[], folder: string): Span {
  const pending = migrations.filter(({ state }) => state === 'pending');
  if (path === 'pending') return { kind: 'live', chosen: pending, span: { from: 0, to: pending.length } };
  const asked = migrations.find(({ files }) => files.has(path));
  if (!asked) throw new Fault('no-such-migration', `${path} is not in ${folder}.`);
  const chosen = asked.state === 'pending' ? pending : replayOf(migrations, asked);
  const from = chosen.indexOf(asked);
  return { kind: asked.state === 'pending' ? 'live' : 'replay', chosen, span: { from, to: from + 1 } };
}
