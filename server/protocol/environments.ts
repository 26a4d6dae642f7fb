/** Messages about environments: where migrations are, what the next promotion would do there, and script bundles. */
import { RequestType } from 'vscode-languageserver-protocol';
import type { ApplyResult, Consent, FaultData, MigrationItem, PendingFindings, TargetItem } from './messages';

/** A named target, as it is configured; nothing is connected for it. */
export interface EnvironmentItem {
  readonly name: string;
  readonly role: 'development' | 'staging' | 'production';
  readonly readOnly: boolean;
  /** Where it is configured, for people. */
  readonly source: string;
  readonly target: TargetItem;
  /** Who logs in where, without secrets; a password is for that alone. */
  readonly login: string;
}

/** Names an environment of a folder. */
export interface EnvironmentParams {
  readonly folder: string;
  readonly environment: string;
  /** From SecretStorage, where its connection has none. */
  readonly password?: KeptPassword;
}

/** A file of the repository says where an environment is, and may come to name another server. */
export interface KeptPassword {
  /** As EnvironmentItem.login: sent to nobody else. */
  readonly login: string;
  readonly value: string;
}

/** Client → server: the environments of a folder of migrations. */
export const ListEnvironmentsRequest = new RequestType<
  { readonly folder: string },
  readonly EnvironmentItem[],
  FaultData
>('rehearsal/listEnvironments');

/** Client → server: which migrations are there. The target is read. */
export const EnvironmentStateRequest = new RequestType<EnvironmentParams, EnvironmentState, FaultData>(
  'rehearsal/environmentState',
);
export interface EnvironmentState {
  readonly target: TargetItem;
  readonly migrations: readonly Pick<MigrationItem, 'version' | 'title' | 'state' | 'reason' | 'uri'>[];
  /** Why the tool would refuse to go on. */
  readonly blocked?: string;
}

/** Client → server: rehearse what is pending there, with the schema of that target. It is read, and nothing else. */
export const RehearseThereRequest = new RequestType<EnvironmentParams, RehearsedThere, FaultData>(
  'rehearsal/rehearseThere',
);
export interface RehearsedThere {
  /** `private PostgreSQL 16.4, schema of shop@db:5432`. */
  readonly rehearsedOn: string;
  readonly pending: readonly Pick<MigrationItem, 'version' | 'title'>[];
  /** Of the up scripts, in their order. */
  readonly found: readonly PendingFindings[];
}

/** Client → server: run what is pending there. In production it must have been rehearsed there just before. */
export const ApplyThereRequest = new RequestType<ApplyThereParams, ApplyResult, FaultData>('rehearsal/applyThere');
export interface ApplyThereParams extends EnvironmentParams, Consent {
  readonly snapshot: boolean;
  readonly progress: string;
}

/** Client → server: write the scripts by which somebody else brings it to its newest migration. */
export const BundleRequest = new RequestType<BundleParams, BundleResult, FaultData>('rehearsal/bundle');
export interface BundleParams extends Omit<EnvironmentParams, 'environment'> {
  /** Left out for the target of the editor. */
  readonly environment?: string;
  /** URI of a folder that is not there yet, or empty. */
  readonly out: string;
}
export type BundleResult =
  | {
      readonly kind: 'written';
      readonly readme: string;
      readonly versions: readonly string[];
      readonly withoutDown: readonly string[];
    }
  | { readonly kind: 'refused'; readonly found: readonly PendingFindings[] }
  | { readonly kind: 'nothing' };

/** Client → server: the schema of an environment beside that of another one. Both are read. */
export const CompareSchemasRequest = new RequestType<CompareParams, SchemaPair, FaultData>('rehearsal/compareSchemas');
export interface CompareParams extends EnvironmentParams {
  /** Left out for the target of the editor. */
  readonly beside?: EnvironmentParams;
}
/** As canonical SQL. */
export interface SchemaPair {
  readonly there: string;
  readonly beside: string;
}
