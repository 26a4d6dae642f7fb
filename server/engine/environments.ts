/** What is asked and answered about named targets: the environments that migrations are carried through. */

export const environmentRoles = ['development', 'staging', 'production'] as const;

export type EnvironmentRole = (typeof environmentRoles)[number];

/** Who changes it names it, after a rehearsal for it. */
export const isProduction = ({ environment }: { readonly environment?: EnvironmentInfo | undefined }): boolean =>
  environment?.role === 'production';

/** A target with a name, as it is configured. */
export interface EnvironmentInfo {
  readonly name: string;
  readonly role: EnvironmentRole;
  /** Nothing of ours ever changes it. */
  readonly readOnly: boolean;
  /** Where it is configured, for people: `.rehearsal/environments.json`. */
  readonly source: string;
}
