/** What is asked and answered about named targets: the environments that migrations are carried through. */
import type { MigrationState, ObjectChange, Status, TargetInfo } from './project';

export const environmentRoles = ['development', 'staging', 'production'] as const;

export type EnvironmentRole = (typeof environmentRoles)[number];

/** A target with a name, as it is configured. */
export interface EnvironmentInfo {
  readonly name: string;
  readonly role: EnvironmentRole;
  /** Nothing of ours ever changes it. */
  readonly readOnly: boolean;
  /** Where it is configured, for people: `.rehearsal/environments.json`. */
  readonly source: string;
}

/** Where one target of a folder stands, as far as it answers. */
export interface EnvironmentState {
  /** Of the environment; that of the target for development is {@link developmentName} where no environment names it. */
  readonly name: string;
  readonly target: TargetInfo;
  readonly answer: EnvironmentAnswer;
}

export type EnvironmentAnswer =
  | { readonly kind: 'status'; readonly status: Status }
  | { readonly kind: 'fault'; readonly code: string; readonly message: string };

/** One migration, and where it is. */
export interface PromotionRow {
  readonly version: string;
  readonly title: string;
  /** By the names of environments; those that did not answer are left out. */
  readonly states: Readonly<Record<string, MigrationState>>;
}

/** Two targets that have the same migrations, and whether they have the same schema. */
export interface Comparison {
  readonly name: string;
  /** That of the same versions which is named first. */
  readonly with: string;
  /** What is another one in `name` than in `with`: drift. */
  readonly changes: readonly ObjectChange[];
}

export const developmentName = 'development';
