/** The schema before and after, as text and object by object. */
import type { Preview } from '../project';
import { differenceOf } from '../schema/difference';
import { canonicalText, objectsOf, usualOwner, withOwners } from '../schema/schemaText';

/** @param dumps of the shadow before and after the scripts, as pg_dump --schema-only gives them */
export function previewOf(dumps: {
  readonly before: string;
  readonly after: string;
}): Pick<Preview, 'before' | 'after' | 'changes'> {
  const [was, is] = [objectsOf(dumps.before), objectsOf(dumps.after)];
  const usual = usualOwner(was) ?? usualOwner(is);
  const [before, after] = [withOwners(was, usual), withOwners(is, usual)];
  return { before: canonicalText(before), after: canonicalText(after), changes: differenceOf(before, after) };
}
