/** The databases that a workspace and its environment name, and the passwords that stand beside them. */
import { dirname } from 'node:path';
import { type Candidate, candidatesIn } from '../engine/database/candidates';
import { nodeSources } from '../engine/database/connection';
import type { TargetChoice } from '../engine/project';
import type { World } from '../engine/world';

/**
 * @param folder of the migrations; it and those above it, up to the workspace's, are looked at, nearest first
 * @param roots absolute paths of the workspace folders
 */
export function candidatesFor(folder: string, roots: readonly string[], world: World): readonly Candidate[] {
  const folders = [folder];
  if (roots.some((root) => folder.startsWith(`${root}/`))) {
    for (let at = folder; !roots.includes(at); folders.push(at)) at = dirname(at);
  }
  return candidatesIn(folders, (path) => world.files.read(path), nodeSources(world.environment), world.log);
}

/** A password that stands in the workspace is not kept anywhere else: it is read anew each time it is needed. */
export function withPasswordOfCandidate(choice: TargetChoice, candidates: () => readonly Candidate[]): TargetChoice {
  if (choice.kind !== 'server' || choice.password !== undefined) return choice;
  const password = candidates().find(({ connection }) => connection === choice.connection)?.password;
  return password === undefined ? choice : { ...choice, password };
}
