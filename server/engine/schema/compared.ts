/** Two schemas side by side: as texts, and object by object. */
import type { ObjectChange } from '../project';
import { differenceOf } from './difference';
import { canonicalText, objectsOf, usualOwner, withOwners } from './schemaText';

export interface ComparedSchemas {
  /** Canonical SQL text of the whole schema. */
  readonly before: string;
  readonly after: string;
  readonly changes: readonly ObjectChange[];
}

/** @param dumps as pg_dump --schema-only gives them */
export function comparedSchemas(dumps: { readonly before: string; readonly after: string }): ComparedSchemas {
  const [was, is] = [objectsOf(dumps.before), objectsOf(dumps.after)];
  const usual = usualOwner(was) ?? usualOwner(is);
  const [before, after] = [withOwners(was, usual), withOwners(is, usual)];
  return { before: canonicalText(before), after: canonicalText(after), changes: differenceOf(before, after) };
}
