/** The schema before and after, as text and object by object. */
import type { Preview } from '../project';
import { comparedSchemas } from '../schema/compared';

/** @param dumps of the shadow before and after the scripts, as pg_dump --schema-only gives them */
export const previewOf: (dumps: {
  readonly before: string;
  readonly after: string;
}) => Pick<Preview, 'before' | 'after' | 'changes'> = comparedSchemas;
