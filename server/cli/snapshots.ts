/** Which snapshot of a target is meant, and how it is restored. */
import { Fault } from '../engine/base/fault';
import type { Snapshot } from '../engine/project';
import { suggestion } from '../engine/base/nearest';
import type { Values } from './arguments';

/**
 * By its id, its name, or its reason where it has no name; or by a part of one that no other has.
 *
 * @throws {Fault} `no-such-snapshot`, `ambiguous`
 */
export function snapshotNamed(word: string, snapshots: readonly Snapshot[]): Snapshot {
  const called = snapshots.filter((it) => it.name === word);
  const exact = snapshots.find((it) => it.id === word) ?? (called.length === 1 ? called[0] : undefined);
  const isIn = (text: string | undefined) => word !== '' && text?.toLowerCase().includes(word.toLowerCase());
  const marked = snapshots.filter((it) => isIn(it.id) || isIn(it.name));
  // Until it has a name, the reason that it was taken for stands in its place in the list.
  const partly = marked.length > 0 ? marked : snapshots.filter((it) => it.name === undefined && isIn(it.reason));
  const found = exact ?? (partly.length === 1 ? partly[0] : undefined);
  if (found) return found;
  const idsOf = (some: readonly Snapshot[]) => some.map(({ id }) => id);
  if (partly.length > 1)
    throw new Fault('ambiguous', `"${word}" is part of the snapshots ${idsOf(partly).join(', ')}.`);
  throw new Fault('no-such-snapshot', `"${word}"${suggestion(word, idsOf(snapshots)) || '.'}`);
}

/** The command that puts it in the place of the same target. */
export const restoreLine = (id: string, { environment, database }: Values): string =>
  [
    `rehearsal restore ${id}`,
    ...(environment === undefined ? [] : [`--environment ${environment}`]),
    // It may hold a password.
    ...(database === undefined ? [] : ['--database …']),
  ].join(' ');
