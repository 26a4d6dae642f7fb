/** Do down scripts take back what their up scripts do? Each is tried on a shadow, and where it does not, another is found. */
import { join } from 'node:path';
import { Fault } from '../base/fault';
import { downTextOf, type WrittenFile } from '../layouts/downText';
import { fileNameIn, fileOf } from '../layouts/migration';
import type { Chain, RoundTripResult } from '../rehearsal/chain';
import type { Link, ScriptFile } from '../rehearsal/link';
import type { ChainRequest } from '../rehearsal/walk';
import type { Base } from '../shadow/base';
import { leadsBack, type Suggestion, type Verified, type VerifyRequest, type WayBack } from '../verification';
import { newMigration } from './creating';
import type { Ground, SeenMigration } from './ground';
import type { ReadFile } from './links';
import { keepApplied } from './keptFiles';
import { look } from './look';
import { upsOnly } from './previewing';
import { replaysOf } from './replays';
import { toldInstead } from './toldInstead';
import type { WorkshopKind } from './workshop';

/**
 * Pending ones upon the live schema, applied ones replayed from nothing.
 *
 * @throws {Fault} `no-such-migration`; as Bench.live and Bench.withWorkshop
 */
export async function verify(
  ground: Ground,
  request: VerifyRequest,
  onVerified: (verified: Verified) => void,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  // Where nothing is ever taken back, nobody misses a way unless they say so.
  if (ground.folder.layout.onlyUp && typeof request.which === 'string' && !request.suggests) return;
  const view = await look(ground, signal);
  const { migrations } = view;
  // What is found may be written into these files: what else is edited then would not be known any more.
  if (request.suggests) keepApplied(ground, view);
  const wanted = chosen(migrations, request, ground.folder.path);
  const pending = migrations.filter(({ state }) => state === 'pending');
  await ground.bench.confirm(signal);
  const isPending = (it: SeenMigration) => it.state === 'pending';
  const applied = wanted.filter((it) => !isPending(it));
  for (const replay of replaysOf(migrations, applied))
    await inWorkshop(
      'replay',
      replay,
      applied.filter((it) => replay.includes(it)),
    );
  const open = wanted.filter(isPending);
  if (open.length > 0) await inWorkshop(ground.bench.hasNewRows ? 'withRows' : 'live', pending, open);

  function inWorkshop(kind: WorkshopKind, all: readonly SeenMigration[], those: readonly SeenMigration[]) {
    const waiting = new Set(those);
    const wished = all.flatMap(({ extensions }) => extensions);
    return ground.bench.withWorkshop(
      kind,
      wished,
      async ({ chain, place }, base) => {
        for (const it of those) {
          // After a shadow got lost, what was told is not told again.
          if (!waiting.has(it)) continue;
          const trier = { ground, chain, base, suggests: request.suggests, rehearsedOn: place.label };
          const verified = await verifyOne(trier, all, it, signal);
          waiting.delete(it);
          onVerified(verified);
        }
      },
      signal,
    );
  }
}

function chosen(migrations: readonly SeenMigration[], { which }: VerifyRequest, folder: string): SeenMigration[] {
  if (which === 'all') return [...migrations];
  if (which === 'pending') return migrations.filter(({ state }) => state === 'pending');
  const unknown = which.find((path) => !migrations.some(({ files }) => files.has(path)));
  if (unknown !== undefined) throw new Fault('no-such-migration', `${unknown} is not in ${folder}.`);
  return migrations.filter(({ files }) => which.some((path) => files.has(path)));
}

interface Trier {
  readonly ground: Ground;
  readonly chain: Chain;
  readonly base: Base;
  readonly suggests: boolean;
  readonly rehearsedOn: string;
}

async function verifyOne(
  trier: Trier,
  all: readonly SeenMigration[],
  it: SeenMigration,
  signal: AbortSignal,
): Promise<Verified> {
  const begun = performance.now();
  const { suggests, rehearsedOn } = trier;
  const links = all.map(({ link }) => link);
  const index = all.indexOf(it);
  const { verdict, way } = await trip(trier, links, { index, finds: suggests }, signal);
  const suggestion = way && (await suggested(trier, links, { index, it, way }, signal));
  const { migration, link, state } = it;
  return {
    version: migration.version,
    title: migration.title,
    pending: state === 'pending',
    path: link.up.path,
    ...(link.down ? { downPath: link.down.path } : {}),
    verdict,
    ...(suggestion ? { suggestion } : {}),
    rehearsedOn,
    ms: performance.now() - begun,
  };
}

function trip(
  { ground, chain, base }: Trier,
  links: readonly Link[],
  wish: { readonly index: number; readonly finds: boolean },
  signal: AbortSignal,
): Promise<RoundTripResult> {
  const asked = links[wish.index];
  const wanted: ChainRequest['wanted'] = (link) => ({ up: link === asked, down: link === asked });
  const request: ChainRequest = { ...upsOnly(ground, base, links), wanted };
  return chain.roundTrip(request, wish, signal);
}

interface Candidate {
  readonly index: number;
  readonly it: SeenMigration;
  readonly way: WayBack;
}

/** In the tool's own form, where that leads back when the tool runs it. */
async function suggested(
  trier: Trier,
  links: readonly Link[],
  { index, it, way }: Candidate,
  signal: AbortSignal,
): Promise<Suggestion> {
  const file = leadsBack(way.verdict) ? await fileFor(trier.ground, it, way.statements, signal) : undefined;
  if (!file) return way;
  if ('because' in file) return { ...way, noFile: file.because };
  const tried = links.with(index, { up: it.link.up, down: file.script });
  const { verdict } = await trip(trier, tried, { index, finds: false }, signal);
  return leadsBack(verdict) ? { ...way, verdict, file: { path: file.script.path, text: file.script.text } } : way;
}

async function fileFor(
  ground: Ground,
  { migration, files, state }: SeenMigration,
  statements: readonly string[],
  signal: AbortSignal,
): Promise<{ readonly script: ScriptFile } | { readonly because: string } | undefined> {
  const { folder, world } = ground;
  const fileAt = (path: string | undefined) => (path === undefined ? undefined : files.get(path));
  const written = (file: ReadFile): WrittenFile => ({ ...file, fileName: fileNameIn(folder, file.path) });
  const [up, down] = [fileAt(migration.upPath), fileAt(migration.downPath)];
  if (!up) return undefined;
  const { layout } = folder;
  // Nobody could tell then whether it is only the way back that is another one.
  if (layout.program && state !== 'pending')
    return { because: 'It is applied already, and its file would count as edited since.' };
  const skeleton = newMigration({ folder, world }, 'x');
  const made = downTextOf({ layout, skeleton, up: written(up), down: down && written(down) }, statements);
  if ('because' in made.edit) return made.edit;
  const [path, { text }] = [join(folder.path, made.fileName), made.edit];
  const read = layout.program
    ? await toldInstead(ground, layout.program, { path, text }, signal)
    : fileOf(folder, path, text, world.files);
  if ('because' in read) return read;
  return { script: { path, text, scripts: read.scripts.filter(({ direction }) => direction === 'down') } };
}
