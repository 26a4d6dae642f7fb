/**
 * Which drift is to be left as it is: kept in a file of the workspace, so that it is reviewed as all else is. An object
 * is named with a digest of its text, so that what changes once more is told again.
 */
import { dirname, isAbsolute, join, relative, sep } from 'node:path';
import { digestOf } from '../base/digest';
import { Fault } from '../base/fault';
import { fieldsOf, jsonIn } from '../base/json';
import type { ObjectChange } from '../project';
import type { Ground } from './ground';

export interface IgnoredDrift {
  /** Absolute. */
  readonly path: string;
  /** Undefined for what is not ignored. */
  reasonFor(object: ObjectChange): string | undefined;
}

interface Entry {
  /** Folder of the migrations, relative to the folder above `.rehearsal`, with `/` between. */
  readonly migrations: string;
  /** `TABLE public.orders`. */
  readonly object: string;
  readonly change: ObjectChange['kind'];
  readonly digest: string;
  readonly reason: string;
}

const fileName = join('.rehearsal', 'ignored-drift.json');

/** Of another text, another one. */
export const driftIdOf = ({ kind, type, name, before = '', after = '' }: ObjectChange): string =>
  digestOf(kind, type, name, before, after).slice(0, 16);

/** @throws {Fault} `not-readable` when the file is there and is not as we write it */
export function ignoredDrift(ground: Ground): IgnoredDrift {
  const path = placeOf(ground);
  const own = folderName(ground, path);
  const entries = entriesIn(ground, path).filter(({ migrations }) => migrations === own);
  return {
    path,
    reasonFor: (object) => entries.find(({ digest }) => digest === driftIdOf(object))?.reason,
  };
}

/**
 * Ignores these, and forgets what was ignored of the same objects.
 *
 * @throws {Fault} `not-readable`, `not-writable`, `disk-full`
 */
export function ignoreDrift(ground: Ground, objects: readonly ObjectChange[], reason: string): void {
  const path = placeOf(ground);
  const migrations = folderName(ground, path);
  const named = objects.map(
    (it): Entry => ({
      migrations,
      object: `${it.type} ${it.name}`,
      change: it.kind,
      digest: driftIdOf(it),
      reason,
    }),
  );
  const isNamed = (entry: Entry): boolean =>
    named.some((it) => it.object === entry.object && it.migrations === entry.migrations);
  const entries = [...entriesIn(ground, path).filter((it) => !isNamed(it)), ...named].toSorted((one, other) =>
    keyOf(one) < keyOf(other) ? -1 : 1,
  );
  ground.world.disk.replace(path, `${JSON.stringify({ ignored: entries }, undefined, 2)}\n`);
}

const keyOf = ({ migrations, object }: Entry): string => `${migrations}\n${object}`;

/** The one that is there, in a folder above the migrations; else where the workspace or the repository begins. */
function placeOf({ folder, options, world }: Ground): string {
  const above: string[] = [folder.path];
  for (let at = folder.path; dirname(at) !== at; ) above.push((at = dirname(at)));
  const known = above.find((it) => world.disk.list(join(it, '.rehearsal')).length > 0);
  const repository = above.find((it) => world.disk.list(it).some((name) => name === '.git/' || name === '.git'));
  const root = options.roots.filter((it) => above.includes(it)).toSorted((a, b) => b.length - a.length)[0];
  return join(known ?? repository ?? root ?? folder.path, fileName);
}

function folderName({ folder }: Ground, path: string): string {
  const name = relative(dirname(dirname(path)), folder.path);
  return isAbsolute(name) ? name : name.replaceAll(sep, '/');
}

function entriesIn({ world }: Ground, path: string): readonly Entry[] {
  const text = world.disk.read(path);
  if (text === undefined) return [];
  const found = parsed(text);
  if (found) return found;
  throw new Fault('not-readable', `${path} is not as Rehearsal writes it; put it right, or delete it.`);
}

function parsed(text: string): readonly Entry[] | undefined {
  const list = fieldsOf(jsonIn(text)).get('ignored');
  return Array.isArray(list) && list.every(isEntry) ? list : undefined;
}

const isEntry = (value: unknown): value is Entry =>
  typeof value === 'object' &&
  value !== null &&
  ['migrations', 'object', 'change', 'digest', 'reason'].every(
    (key) => typeof (value as Readonly<Record<string, unknown>>)[key] === 'string',
  );
