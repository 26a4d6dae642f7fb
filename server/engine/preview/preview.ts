/** The schema before and after, as text and object by object. */
import type { Preview } from '../project';
import { differenceOf } from '../schema/difference';
import { canonicalText, objectsOf } from '../schema/schemaText';

/** @param dumps of the shadow before and after the scripts, as pg_dump --schema-only gives them */
export function previewOf(dumps: {
  readonly before: string;
  readonly after: string;
}): Pick<Preview, 'before' | 'after' | 'changes'> {
  const [before, after] = [objectsOf(dumps.before), objectsOf(dumps.after)];
  return { before: canonicalText(before), after: canonicalText(after), changes: differenceOf(before, after) };
}
