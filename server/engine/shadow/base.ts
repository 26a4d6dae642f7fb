/** What a shadow starts from: nothing, a file of the embedded engine, or the live schema of a target, with its rows or without. */
import { digestOf } from '../base/digest';
import type { Database } from '../database/database';
import { ReachingNames } from '../sql/reach';
import { type Learned, reachingIn, reachingNames } from '../sql/reachingSchema';
import type { RowSource } from './rowSource';
import { type Beginning, noSetUp, type SetUp, setUpAfter, type Setting } from './setUp';

export type Base =
  | { readonly kind: 'empty'; readonly fingerprint: string; readonly setUp: SetUp }
  | FileBase
  | DumpBase;

/** The embedded engine's own file. */
export interface FileBase {
  readonly kind: 'file';
  readonly fingerprint: string;
  readonly path: string;
  /** Of each session. */
  readonly settings: readonly Setting[];
}

export interface DumpBase {
  readonly kind: 'dump';
  readonly fingerprint: string;
  /** The schema. */
  readonly sql: string;
  readonly setUp: SetUp;
  /** As `reachingIn` tells it, where that is known already. */
  readonly reaching?: readonly Learned[];
  /** Undefined where the shadow is to have none. */
  readonly rows?: RowSource;
  /** With rows: the fingerprint of the same without them. */
  readonly upon?: string;
}

export const emptyBase: Base = { kind: 'empty', fingerprint: 'empty', setUp: noSetUp };

/**
 * An empty database with the roles and settings of the target, for replaying a whole history: it begins with the
 * schema `public`, as every database does.
 */
export const emptyLike = (setUp: SetUp): Base => ({
  kind: 'empty',
  fingerprint: digestOf('empty', textOf(setUp)),
  setUp: { ...setUp, publicSchema: true },
});

/** An empty database of the embedded engine in which a tool has begun. */
export const emptyAfter = ({ makes, first }: Beginning): Base =>
  makes.length === 0 && first === undefined
    ? emptyBase
    : emptyLike(setUpAfter({ makes, ...(first === undefined ? {} : { first }) }));

/** @param stamp changes whenever the file's content does */
export const fileBase = (path: string, stamp: string, settings: readonly Setting[] = []): FileBase => ({
  kind: 'file',
  path,
  fingerprint: digestOf('file', path, stamp, ...settings.flatMap(({ name, value }) => [name, value])),
  settings,
});

/** The live schema, read without disturbing anybody. */
export async function liveBase(target: Database, setUp: SetUp, signal: AbortSignal): Promise<DumpBase> {
  return dumpBase(await target.dump(signal), setUp);
}

/** @param sql a dump of the target's schema */
export const dumpBase = (sql: string, setUp: SetUp): DumpBase => ({
  kind: 'dump',
  sql,
  setUp,
  fingerprint: digestOf('dump', sql, textOf(setUp)),
});

/** What of the base reaches outside its database: the same object for the same base, found out once. */
export function reachingOf(base: Base): ReachingNames {
  if (base.kind !== 'dump') return nothing;
  const names = found.get(base.fingerprint) ?? reachingNames(base.reaching ?? reachingIn(base.sql));
  if (found.size > mostFound) found.clear();
  found.set(base.fingerprint, names);
  return names;
}

const nothing = new ReachingNames();

/** By fingerprints. */
const found = new Map<string, ReachingNames>();

/** A window has few targets, and each target one schema at a time. */
const mostFound = 20;

/** The same schema with the rows that the target has when this is made. @param moment another one for other rows */
export const withRows = (base: DumpBase, rows: RowSource, moment: string): DumpBase => ({
  ...base,
  rows,
  upon: base.fingerprint,
  fingerprint: digestOf('rows', base.fingerprint, moment),
});

const textOf = ({ available, ...rest }: SetUp): string => JSON.stringify({ ...rest, available: [...available] });
