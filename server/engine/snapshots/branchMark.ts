/** The comment on a target that says whose database it is: that of the branch which was checked out last. */
import { fieldsOf, jsonIn } from '../base/json';

/** Plain JSON. */
export interface BranchMark {
  readonly rehearsal: 'branch';
  readonly branch: string;
  /** The database's own comment. */
  readonly comment: string | null;
}

/** @returns undefined when nothing is said of a branch */
export function branchMarkIn(text: string | null | undefined): BranchMark | undefined {
  const value = jsonIn(text ?? '');
  return isMark(value) ? value : undefined;
}

function isMark(value: unknown): value is BranchMark {
  const fields = fieldsOf(value);
  const comment = fields.get('comment');
  return (
    fields.get('rehearsal') === 'branch' &&
    typeof fields.get('branch') === 'string' &&
    (comment === null || typeof comment === 'string')
  );
}

/** Without our mark. */
export function ownComment(text: string | null): string | null {
  const mark = branchMarkIn(text);
  return mark ? mark.comment : text;
}

export const textOfMark = (branch: string, comment: string | null): string =>
  JSON.stringify({ rehearsal: 'branch', branch, comment } satisfies BranchMark);

/** What is restored in the place of a target is the database of the same branch. */
export function markedAs(replaced: string | null, comment: string | null): string | null {
  const mark = branchMarkIn(replaced);
  return mark ? textOfMark(mark.branch, ownComment(comment)) : comment;
}
