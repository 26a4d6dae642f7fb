/** What is found in a migration, and where. */
import type { TextRange } from './base/text';
import type { Fix } from './layouts/layout';

export type Severity = 'error' | 'warning' | 'information' | 'hint';

export interface Finding {
  /** In the file. */
  readonly range: TextRange;
  /** In a down script: the migration can be applied all the same. */
  readonly direction?: 'down';
  readonly severity: Severity;
  /** `refused` for the server's own errors, else a slug (`not-rehearsed`, `dbmate-missing-down`, `edited-after-apply`…). */
  readonly code: string;
  readonly sqlState?: string;
  /** The server's message, or ours. */
  readonly message: string;
  readonly detail?: string;
  readonly hint?: string;
  /** The refusal that this one follows from. */
  readonly consequenceOf?: Place;
  /** Names the rows of the target that are at fault, for Project.rowsAtFault. */
  readonly rows?: string;
  readonly related?: readonly (Place & { readonly message: string })[];
  /** Best first. */
  readonly fixes?: readonly Fix[];
}

/** An error that is counted: what follows from another one is mended with that. */
export const isOwnError = ({ severity, consequenceOf }: Finding): boolean =>
  severity === 'error' && consequenceOf === undefined;

/** An error that would keep the migration from being applied. */
export const isErrorOfUp = ({ severity, direction }: Finding): boolean => severity === 'error' && direction !== 'down';

/** What keeps nothing from being applied, and is to be known before: such as a function that cannot be called. */
export const isWarningOfUp = ({ severity, direction, consequenceOf }: Finding): boolean =>
  severity === 'warning' && direction !== 'down' && consequenceOf === undefined;

export interface Place {
  readonly path: string;
  readonly range: TextRange;
}
