/** Migrations that their tool runs in one transaction, where they cannot stand on a stack: run as that, apart. */
import type { Shadow } from '../shadow/place';
import type { Rehearsal } from './commit';
import { rehearse } from './rehearse';
import type { Step } from './run';
import type { SequenceMemo } from './sequences';
import type { Link } from './link';
import { learnAll, sparing } from './standing';
import { runningOf, type Walk } from './walk';

/**
 * Whether one of them may leave what is there only in its own transaction or session, or not there for use before the
 * commit: new enum values, settings, temporary tables, deferred constraints, cursors, prepared statements.
 */
export const sharesWithLater = (links: readonly Link[]): boolean =>
  links.slice(0, -1).some(({ up }) => shared.test(up.text));

const shared =
  /\badd\s+value\b|\bset_config\s*\(|^\s*set\s|;\s*set\s|\btemp(?:orary)?\b|\bdeferr|\b(?:prepare|declare|listen|commit|rollback)\b|advisory_/im;

/**
 * Takes everything back. Of all links something is learned, so that none has to be run with all before it by itself.
 *
 * @param shadow with none of the links committed
 * @param down whether the down scripts of link `i` are run behind it; then the links behind it are not
 * @throws as rehearse
 */
export async function learnTogether(
  shadow: Shadow,
  sequences: SequenceMemo,
  i: number,
  down: boolean,
  walk: Walk,
): Promise<void> {
  const link = walk.prepared[i];
  const { ups, parts } = upTo(down ? i : walk.prepared.length - 1, walk);
  const downs = down && link ? sparing(link, true).downs : [];
  const { up, after } = await rehearse(shadow, ups, downs, sequences, runningOf(walk));
  let at = 0;
  for (const [k, part] of parts.entries()) {
    const own = up.slice(at, (at += part.length));
    const prepared = walk.prepared[k];
    if (prepared) learnAll(prepared, down && k === i, { up: own, after });
  }
}

/**
 * The up scripts of the links up to `last` as one.
 *
 * @returns `parts`: the steps of each link
 */
export function upTo(last: number, { prepared }: Walk): { ups: Rehearsal[]; parts: readonly (readonly Step[])[] } {
  const parts = prepared.slice(0, last + 1).map((link) => sparing(link, false).ups.flatMap(({ steps }) => steps));
  return { ups: [{ mode: 'transaction', steps: parts.flat() }], parts };
}
