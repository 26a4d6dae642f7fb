/** A command as the palette knows it. package.json must list the same ids: test/manifest.test.ts sees to it. */
import type { Parts } from '../parts';

export interface Command {
  readonly id: `rehearsal.${string}`;
  /** False for what may be done in Restricted Mode. */
  readonly needsTrust?: false;
  /** @param args what the caller gives: a row of a tree, a file's URI from a menu or a code lens, or nothing from the palette */
  run(parts: Parts, ...args: unknown[]): Promise<void>;
}
