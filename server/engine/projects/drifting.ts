/** Drift: the target against what its applied migrations make, replayed from nothing on a shadow. */
import { basename } from 'node:path';
import { lineIndex } from '../base/text';
import { ownObjects } from '../history/ownObjects';
import type { Drift, ObjectChange } from '../project';
import type { PlacedOutcome } from '../rehearsal/outcome';
import type { ChainRequest } from '../rehearsal/walk';
import { driftBetween, type LeftOut } from '../schema/drift';
import { type Base, dumpBase } from '../shadow/base';
import type { Shadow } from '../shadow/place';
import { noSetUp, type SetUp } from '../shadow/setUp';
import { asApplied } from './asApplied';
import type { Ground } from './ground';
import { driftIdOf, ignoredDrift } from './ignoredDrift';
import { look, type View } from './look';
import { upsOnly } from './previewing';
import type { Workshop } from './workshop';

/** In turn only. @throws {Fault} as Bench.live and Bench.withWorkshop */
export async function driftOf(ground: Ground, signal: AbortSignal): Promise<Drift> {
  const {
    objects,
    made: _made,
    found: _found,
    setUp: _setUp,
    extensions: _extensions,
    ...told
  } = await comparedNow(ground, signal);
  const ignored = ignoredDrift(ground);
  return {
    ...told,
    ignoreFile: ignored.path,
    objects: objects.map((it) => {
      const reason = ignored.reasonFor(it);
      return { ...it, id: driftIdOf(it), ...(reason === undefined ? {} : { ignored: { reason } }) };
    }),
  };
}

/** What is there, and what should be. */
export interface Compared extends Omit<Drift, 'objects' | 'ignoreFile'> {
  readonly objects: readonly ObjectChange[];
  /** Dumps of the schema, with what is left out of `objects`. */
  readonly made: string;
  readonly found: string;
  /** Of the target; undefined for the embedded engine. */
  readonly setUp: SetUp | undefined;
  /** That the migrations ask for. */
  readonly extensions: readonly string[];
}

export async function comparedNow(ground: Ground, signal: AbortSignal): Promise<Compared> {
  signal.throwIfAborted();
  const { bench } = ground;
  const view = await look(ground, signal);
  const { links, extensions, doubts } = await asApplied(ground, view, signal);
  const found = await bench.liveDump(signal);
  const compare = async ({ chain, place }: Workshop, base: Base): Promise<Compared> => {
    const replayed = async (start: Base, some: typeof links) => {
      const request: ChainRequest = { ...upsOnly(ground, start, some), manner: 'again' };
      const dump = (shadow: Shadow) => shadow.dump(signal);
      const [end] = await chain.behind(request, [some.length], dump, signal);
      if (!end) throw new Error('each count is told of');
      return end;
    };
    const { told: made, outcomes } = await replayed(base, links);
    const left = outcomes.flat().filter(({ kind }) => kind !== 'ran');
    const leftOut = leftOutOf(ground, view, place.kind);
    const objects = driftBetween(made, found, leftOut);
    const setUp = view.live.schema?.setUp ?? noSetUp;
    const again = async (sql: string) => (await replayed(dumpBase(sql, setUp), [])).told;
    return {
      objects: await withoutRestored(objects, { made, found, leftOut, again }),
      made,
      found,
      setUp: view.live.schema?.setUp,
      extensions,
      doubts: [
        ...doubts,
        ...doubtsOf(
          left.filter((it) => !isOfTool(it, leftOut)),
          links,
        ),
      ],
      applied: links.length,
      rehearsedOn: place.label,
      placeBecause: place.because,
      placeLimits: place.limits,
    };
  };
  return bench.withWorkshop('replay', extensions, compare, signal);
}

/**
 * Of a database that was restored from a dump, Postgres writes some expressions in another way than of one that was made
 * by the statements themselves (`'a'::text[]` around an ARRAY). What is the same when both are restored was no change.
 */
async function withoutRestored(
  objects: readonly ObjectChange[],
  { made, found, leftOut, again }: Restoring,
): Promise<readonly ObjectChange[]> {
  if (objects.every(({ kind }) => kind !== 'changed')) return objects;
  const left = driftBetween(await again(made), await again(found), leftOut);
  const still = new Set(left.map(({ type, name }) => `${type} ${name}`));
  return objects.filter(({ kind, type, name }) => kind !== 'changed' || still.has(`${type} ${name}`));
}

interface Restoring {
  readonly made: string;
  readonly found: string;
  readonly leftOut: LeftOut;
  /** Restores a dump, and dumps it. */
  readonly again: (sql: string) => Promise<string>;
}

function leftOutOf({ folder, bench }: Ground, { live }: View, place: Workshop['place']['kind']): LeftOut {
  const { layout } = folder;
  const own = ownObjects(layout.name, live.history.table);
  return {
    tables: own.tables,
    schemas: new Set([...own.schemas, ...(layout.platform?.schemas ?? [])]),
    toolSchemas: new Set([own.schema]),
    roles: place === 'embedded' && bench.target.kind === 'server' ? 'leftOut' : 'compared',
  };
}

/** What a migration does to the tool's own table, which a shadow has not, is none of the schema that is compared. */
const isOfTool = (outcome: PlacedOutcome, { tables }: LeftOut): boolean =>
  outcome.kind === 'refused' &&
  outcome.refusal.sqlState === '42P01' &&
  tables.some(({ schema, name }) =>
    [name, `${schema}.${name}`].some((it) => outcome.refusal.message.includes(`"${it}"`)),
  );

/** As many are told by name. */
const mostTold = 3;

/** What was skipped because it reaches outside is no part of the schema. */
function doubtsOf(left: readonly PlacedOutcome[], links: Parameters<typeof placeOf>[1]): readonly string[] {
  const failed = left.filter((it) => it.kind !== 'skipped' || it.reason.kind !== 'reaches');
  const told = failed.slice(0, mostTold).map((it) => `${placeOf(it, links)} did not run in the replay: ${whyNot(it)}.`);
  const more = failed.length - told.length;
  return more > 0 ? [...told, `Nor did ${more} more of the statements.`] : told;
}

function whyNot(outcome: PlacedOutcome): string {
  switch (outcome.kind) {
    case 'refused':
      return outcome.refusal.message;
    case 'ended':
      return outcome.message;
    case 'skipped':
      return outcome.reason.kind === 'psql' ? 'it is for psql' : 'the session had ended before it';
    case 'ran':
      return 'it ran';
  }
}

function placeOf(
  { path, statement }: PlacedOutcome,
  links: readonly { readonly up: { readonly path: string; readonly text: string } }[],
): string {
  const text = links.find(({ up }) => up.path === path)?.up.text;
  return text === undefined ? basename(path) : `${basename(path)}:${lineIndex(text)(statement.range.start).line + 1}`;
}
