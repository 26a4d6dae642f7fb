/**
 * Every message between client and server beyond standard LSP. The one room of the server a client may import.
 *
 * Only plain data crosses here: no classes, no Map, no Date. Times are ISO 8601 text, durations milliseconds,
 * positions LSP positions, files URIs.
 */
import {
  NotificationType,
  NotificationType0,
  type Range,
  RequestType,
  RequestType0,
} from 'vscode-languageserver-protocol';
import type { VerdictSummary } from './verdicts';

/** Client → server, in `initializationOptions`. */
export interface InitializationOptions {
  /** False in Restricted Mode: outline only, nothing is connected or run. */
  readonly trusted: boolean;
  readonly settings: Settings;
  /** Targets chosen earlier, by folder URI of the migrations; passwords come from SecretStorage. */
  readonly targets: Readonly<Record<string, TargetChoice>>;
}

/** The settings of package.json that the server reads. */
export interface Settings {
  readonly folders: readonly string[];
  readonly layout: string;
  /** Names of layouts by folder, absolute or relative to a workspace folder. */
  readonly layouts: Readonly<Record<string, string>>;
  readonly database: string;
  readonly shadow: string;
  /** In megabytes; null where the user has not set it. */
  readonly shadowDataLimit: number | null;
  readonly snapshotRetention: RetentionSetting;
  readonly snapshotCompression: 'none' | 'gzip';
  readonly databasePerBranch: boolean;
  readonly postgresBinaries: readonly string[];
  /** Commands or paths; empty where they are looked for. */
  readonly python: string;
  readonly ruby: string;
  readonly statementTimeout: number;
  readonly inlayHints: HintLevel;
  /** Whether migrations have to change nothing when they are run again; by folder, as layouts; not when it is left out. */
  readonly requireIdempotent?: boolean | Readonly<Record<string, boolean>>;
  /** As the user has written them: names, each with a connection or a variable, a role, and whether it is read-only. */
  readonly environments: Readonly<Record<string, unknown>>;
  /** In minutes. */
  readonly rehearsalMaxAge: number;
}

/** What is kept of snapshots that are not pinned; a limit that is left out is none. */
export interface RetentionSetting {
  readonly count?: number;
  readonly days?: number;
  readonly megabytes?: number;
}

/** How much the inlay hints behind statements show. */
export type HintLevel = 'off' | 'compact' | 'full';

/** `embedded`, or connection parameters as libpq reads them (URL or key=value) without the password. */
export type TargetChoice =
  | { readonly kind: 'embedded' }
  | { readonly kind: 'server'; readonly connection: string; readonly password?: string };

/** Client → server: the settings have changed. */
export const SettingsChanged = new NotificationType<Settings>('rehearsal/settingsChanged');

/** Client → server: the workspace was trusted just now. */
export const TrustGranted = new NotificationType0('rehearsal/trustGranted');

/** Client → server: the user comes back to the editor, and may have changed a target elsewhere. */
export const WindowFocused = new NotificationType0('rehearsal/windowFocused');

/** Client → server: the projects of the workspace with their migrations, oldest first. */
export const ListProjectsRequest = new RequestType0<readonly ProjectItem[], FaultData>('rehearsal/listProjects');
/** What a diagnostic that follows from another one says of that, as the first related information. */
export const causeWords = 'This did not run, and the statement needs it.';

/** What is wrong with a folder as a whole. */
export interface FolderTrouble {
  readonly message: string;
  /** Of the file that it is about. */
  readonly uri: string;
  /** Left out where the tool runs nothing, or not all. */
  readonly severity?: 'warning';
}

export interface ProjectItem {
  /** URI of the folder of migrations; names the project in every other message. */
  readonly folder: string;
  readonly label: string;
  /** `dbmate`, and why it was taken to be so. */
  readonly layout: string;
  readonly because: string;
  readonly target: TargetItem;
  readonly migrations: readonly MigrationItem[];
  /** What keeps the list from being known (server down…), with a remedy. */
  readonly fault?: FaultData & { readonly message: string };
  /** Why the tool would refuse to go on. */
  readonly blocked?: string;
  /** What is wrong with the folder as a whole, each with the name of a file: a version that stands twice, another tool's file. */
  readonly problems?: readonly FolderTrouble[];
  /** Its tool takes nothing back. */
  readonly onlyUp?: true;
}
export interface TargetItem {
  readonly label: string;
  readonly name: string;
  readonly local: boolean;
  readonly engine: 'server' | 'embedded';
  readonly because: string;
  /** `PostgreSQL 16.4`; empty while unknown. */
  readonly server: string;
}
export interface MigrationItem {
  readonly version: string;
  readonly title: string;
  readonly state: 'applied' | 'pending' | 'edited' | 'missing' | 'skipped';
  /** What the tool makes of it, where that is more than the state says. */
  readonly reason?: string;
  /** Up file; undefined when missing here. */
  readonly uri?: string;
  readonly hasDown: boolean;
  /** Down file; the same as `uri` when one file holds both. */
  readonly downUri?: string;
  /** What came of its down script when it was tried last, with the files as they are; left out where it was not. */
  readonly verdict?: VerdictSummary;
  /** Of a `missing` one: its SQL is kept, and can be shown. */
  readonly kept?: true;
  /** It is the one that would be reverted first. */
  readonly last?: true;
  /** The file is a program, and its tool has told the SQL. */
  readonly isProgram?: true;
}

/** Client → server: what the tool of a migration that is a program sends for it, as SQL for people. */
export const SqlRequest = new RequestType<{ readonly uri: string }, { readonly text: string }, FaultData>(
  'rehearsal/sql',
);

/** Server → client: what ListProjects would answer has changed; ask again. */
export const ProjectsChanged = new NotificationType0('rehearsal/projectsChanged');

/** Client → server: rehearse this file (or all open ones) again, from a fresh look at the target. */
export const RehearseRequest = new RequestType<{ readonly uri?: string }, RehearseResult, FaultData>(
  'rehearsal/rehearse',
);
/** What came of the open files that were asked for. */
export interface RehearseResult {
  readonly rehearsed: number;
  /** Why is told by RehearsalStateChanged. */
  readonly failed: number;
  /** In those that were rehearsed. */
  readonly errors: number;
  readonly warnings: number;
}

/** Server → client: where the rehearsal of an open file stands, for the language status item. */
export const RehearsalStateChanged = new NotificationType<RehearsalState>('rehearsal/rehearsalState');
export type RehearsalState =
  | { readonly uri: string; readonly kind: 'running' }
  | {
      readonly uri: string;
      readonly kind: 'rehearsed';
      readonly ms: number;
      /** `private PostgreSQL 16.4, schema of shop_dev@localhost:5432`. */
      readonly rehearsedOn: string;
      /** Why there: `binaries of PostgreSQL 16.4 are in /usr/lib/postgresql/16/bin`. */
      readonly placeBecause: string;
      /** What cannot be told there, a sentence each. */
      readonly placeLimits: readonly string[];
      readonly errors: number;
    }
  | { readonly uri: string; readonly kind: 'failed'; readonly message: string; readonly remedy?: string }
  /** It was closed, or is no migration any more. */
  | { readonly uri: string; readonly kind: 'none' };

/** Client → server: the schema before and after one migration, or after all pending ones. */
export const PreviewRequest = new RequestType<
  { readonly folder: string; readonly uri?: string },
  PreviewResult,
  FaultData
>('rehearsal/preview');
export interface PreviewResult {
  readonly title: string;
  readonly before: string;
  readonly after: string;
  readonly changes: readonly {
    readonly kind: 'added' | 'removed' | 'changed';
    readonly type: string;
    readonly name: string;
  }[];
  readonly rehearsedOn: string;
  /** Statements that `after` is without. */
  readonly refused: number;
  /** What keeps it from being applied, also what only the rows of the target refuse. */
  readonly errors: number;
}

/**
 * Client → server: the rows of the target that a diagnostic counts, at most 200, as a table in text.
 *
 * Values of the user: shown on request, kept nowhere, never logged.
 */
export const RowsRequest = new RequestType<{ readonly uri: string; readonly rows: string }, RowsResult, FaultData>(
  'rehearsal/rows',
);
export interface RowsResult {
  readonly title: string;
  readonly text: string;
}

/** What the user agreed to in a modal dialog. */
export interface Consent {
  readonly disconnect: boolean;
  /** The target's name as typed by the user; needed when the target is not local. */
  readonly confirmedName?: string;
}

/**
 * Client → server: rehearse the up scripts of these pending migrations, open or not, and tell those that have errors
 * or warnings, in their order. It takes as long as it takes, and may be cancelled.
 */
export const PendingFindingsRequest = new RequestType<
  { readonly folder: string; readonly versions: readonly string[] },
  readonly PendingFindings[],
  FaultData
>('rehearsal/pendingFindings');
export interface PendingFindings {
  readonly version: string;
  readonly uri: string;
  readonly errors?: FindingsItem;
  readonly warnings?: FindingsItem;
}
/** Findings of one severity in one file. */
export interface FindingsItem {
  readonly count: number;
  /** Of the first one. */
  readonly message: string;
  readonly range: Range;
}

/**
 * Client → server: what is known before anything is run to keep these from being applied. To be asked before the user is.
 *
 * @throws FaultData as ApplyRequest, but for the order
 */
export const MayApplyRequest = new RequestType<Selected & { readonly folder: string }, MayApplyResult, FaultData>(
  'rehearsal/mayApply',
);
export type MayApplyResult =
  | { readonly kind: 'nothingKnown' }
  /** `upToHere`: they could be applied together with those before. */
  | { readonly kind: 'outOfOrder'; readonly message: string; readonly upToHere: boolean };

/** Which pending migrations: one, those up to one, or all. */
export interface Selected {
  readonly only?: string;
  readonly upTo?: string;
}

/** Client → server: run pending migrations on the target. Progress comes as ProgressNotification with the same id. */
export const ApplyRequest = new RequestType<ApplyParams, ApplyResult, FaultData>('rehearsal/apply');
export interface ApplyParams extends Consent, Selected {
  readonly folder: string;
  readonly snapshot: boolean;
  readonly progress: string;
}

/**
 * Client → server: as MayApplyRequest, for the newest applied migrations.
 *
 * @throws FaultData as RevertRequest
 */
export const MayRevertRequest = new RequestType<Pick<RevertParams, 'folder' | 'versions'>, void, FaultData>(
  'rehearsal/mayRevert',
);

/** Client → server: run the down scripts of the newest applied migrations. */
export const RevertRequest = new RequestType<RevertParams, ApplyResult, FaultData>('rehearsal/revert');
export interface RevertParams extends Consent {
  readonly folder: string;
  /** Those that the user was asked about, newest first; when the newest applied ones are others, nothing is run. */
  readonly versions: readonly string[];
  readonly snapshot: boolean;
  readonly progress: string;
}

export type ApplyResult =
  | { readonly kind: 'done'; readonly migrations: readonly string[]; readonly snapshot?: string; readonly ms: number }
  | {
      readonly kind: 'refused';
      readonly migrations: readonly string[];
      readonly snapshot?: string;
      readonly version: string;
      readonly uri: string;
      readonly range: Range;
      readonly sqlState?: string;
      readonly message: string;
      readonly state: string;
      /** What there is to go back from; `mark`: nothing but that the tool refuses to go on. */
      readonly left: 'nothing' | 'mark' | 'changes';
    }
  | {
      readonly kind: 'cancelled';
      readonly migrations: readonly string[];
      readonly snapshot?: string;
      readonly state: string;
    }
  | { readonly kind: 'busy'; readonly sessions: readonly string[] }
  | { readonly kind: 'nothing' };

/** Server → client: how far an apply, revert, snapshot or restore is. */
export const ProgressNotification = new NotificationType<ProgressParams>('rehearsal/progress');
export interface ProgressParams {
  readonly progress: string;
  readonly message: string;
  readonly fraction?: number;
  readonly cancellable: boolean;
}

/**
 * Client → server: write the files of a new migration. A folder that has none yet becomes a project with it; `layout`
 * is then the tool to write for.
 */
export const NewMigrationRequest = new RequestType<
  { readonly folder: string; readonly title: string; readonly layout?: string },
  { readonly uri: string; readonly offset: number },
  FaultData
>('rehearsal/newMigration');

/** Client → server: databases that the workspace and the environment name. */
export const CandidatesRequest = new RequestType<{ readonly folder: string }, readonly CandidateItem[], FaultData>(
  'rehearsal/candidates',
);
export interface CandidateItem {
  /** `shop_dev@localhost:5432`. */
  readonly label: string;
  /** `DATABASE_URL in .env`. */
  readonly source: string;
  readonly choice: TargetChoice;
  readonly local: boolean;
}

/** Client → server: what would end that the tool refuses to go on (ProjectItem.blocked), likeliest first. */
export const RepairsRequest = new RequestType<{ readonly folder: string }, readonly RepairItem[], FaultData>(
  'rehearsal/repairs',
);
export interface RepairItem {
  /** As a command: `Record version 41 as the newest applied`. */
  readonly title: string;
  /** When that is right, as a sentence. */
  readonly when: string;
  /** What the tool is told for the same. */
  readonly command: string;
  /** SQL that changes the history, and nothing else. */
  readonly statements: readonly string[];
}

/** Client → server: do that, if it is still offered. */
export const RepairRequest = new RequestType<
  Consent & { readonly folder: string; readonly statements: readonly string[] },
  void,
  FaultData
>('rehearsal/repair');

/**
 * Client → server: from now on this is the target of the project. The server connects to it first.
 *
 * @throws FaultData `wrong-password` when it wants (another) password: ask for it and call again
 */
export const ChooseDatabaseRequest = new RequestType<
  { readonly folder: string; readonly choice: TargetChoice },
  TargetItem,
  FaultData
>('rehearsal/chooseDatabase');

/** Carried by every ResponseError of ours. */
export interface FaultData {
  readonly fault: string;
  /** Command that mends it. */
  readonly remedy?: string;
}
