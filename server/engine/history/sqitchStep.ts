/** What is deployed or reverted, with all that sqitch's registry has to be told of it. */
import type { Person, Project } from '../layouts/sqitchIds';
import type { SqitchChange } from '../layouts/sqitchPlan';

/** One change in one direction. */
export interface SqitchStep {
  readonly registry: string;
  readonly project: Project;
  /** All changes of the plan. */
  readonly plan: readonly SqitchChange[];
  readonly change: SqitchChange;
  /** The one before it in the plan. */
  readonly former: SqitchChange | undefined;
  readonly upText: string;
  readonly user: Person;
}
