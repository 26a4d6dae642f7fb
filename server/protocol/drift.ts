/** Messages about drift: in what a target is another one than what its applied migrations make. */
import { NotificationType, RequestType } from 'vscode-languageserver-protocol';
import type { ApplyResult, Consent, FaultData } from './messages';

/** Client → server: what is known of the drift of a project; null where nobody has asked, or cannot be asked. */
export const KnownDriftRequest = new RequestType<{ readonly folder: string }, DriftItem | null, FaultData>(
  'rehearsal/knownDrift',
);

/** Client → server: compare them now. */
export const DriftRequest = new RequestType<{ readonly folder: string }, DriftItem, FaultData>('rehearsal/drift');

/** Server → client: what KnownDrift would answer has changed. */
export const DriftChanged = new NotificationType<{ readonly folder: string }>('rehearsal/driftChanged');

export interface DriftItem {
  readonly objects: readonly DriftedItem[];
  /** Why some of them may be none, or others be missing: whole sentences. */
  readonly doubts: readonly string[];
  readonly applied: number;
  readonly rehearsedOn: string;
  /** URI of the file that says what is ignored; it need not be there. */
  readonly ignoreFile: string;
}

export interface DriftedItem {
  readonly id: string;
  readonly kind: 'added' | 'removed' | 'changed';
  /** As pg_dump calls it: `TABLE`. */
  readonly type: string;
  readonly name: string;
  /** As the migrations make it; left out where they do not. */
  readonly before?: string;
  /** As it is; left out where it is not there. */
  readonly after?: string;
  /** Set where it is ignored, with the reason that was given. */
  readonly ignored?: string;
}

/** Client → server: leave these as they are, as long as they stay so. */
export const IgnoreDriftRequest = new RequestType<
  { readonly folder: string; readonly ids: readonly string[]; readonly reason: string },
  void,
  FaultData
>('rehearsal/ignoreDrift');

/** Client → server: what would be run. `ids` left out: of all that is not ignored. */
export const DriftScriptRequest = new RequestType<
  { readonly folder: string; readonly way: DriftWay; readonly ids?: readonly string[] },
  DriftScriptResult,
  FaultData
>('rehearsal/driftScript');
/** To what is there, as a migration; or back. */
export type DriftWay = 'migration' | 'undo';
export interface DriftScriptResult {
  /** SQL. */
  readonly text: string;
  /** What it throws away, a sentence each. */
  readonly losses: readonly string[];
  /** Of all that it is about. */
  readonly names: readonly string[];
}

/** Client → server: find the statements and write them as a new migration. */
export const WriteDriftRequest = new RequestType<
  { readonly folder: string; readonly title: string; readonly ids?: readonly string[] },
  { readonly uri: string },
  FaultData
>('rehearsal/writeDrift');

/** Client → server: record a migration as applied without running it, for the target has it. */
export const RecordAppliedRequest = new RequestType<
  Consent & { readonly folder: string; readonly uri: string },
  void,
  FaultData
>('rehearsal/recordApplied');

/** Client → server: run what was shown on the target; progress is reported by ProgressNotification. */
export const UndoDriftRequest = new RequestType<
  Consent & {
    readonly folder: string;
    readonly ids: readonly string[];
    readonly text: string;
    readonly snapshot: boolean;
    readonly progress: string;
  },
  ApplyResult,
  FaultData
>('rehearsal/undoDrift');

/** Client → server: the SQL that is kept of a migration which is applied and has no file here. */
export const KeptSqlRequest = new RequestType<
  { readonly folder: string; readonly version: string },
  { readonly text: string },
  FaultData
>('rehearsal/keptSql');
