/** What can be asked about one folder of migrations and its target. The faces (language, cli) know the engine by these types. */
import type { BranchProject } from './branches';
import type {
  ApplyRequest,
  ApplyResult,
  Consent,
  ObjectChange,
  Progress,
  RestoreRequest,
  RestoreResult,
  RevertRequest,
  Snapshot,
  SnapshotForecast,
  SnapshotMark,
  SnapshotRequest,
  SnapshotResult,
  SnapshotSettings,
  SnapshotTable,
  TableSince,
  TablesResult,
} from './changes';
import type { Check, FileCheck, Idempotence, Preview, RowsAtFault, SnapshotDifference } from './checks';
import type { Drift, DriftScript, DriftWay, UndoDriftRequest } from './drifted';
import type { EnvironmentInfo } from './environments';
import type { Repair } from './history/history';
import type { Finding, Place } from './finding';
import type { MigrationFolder, Migration } from './layouts/migration';
import type { Language } from './programs/interpreter';
import type { ObservationLevel } from './rehearsal/observation/observation';
import type { KeptTrial, PsqlCall, TrialRequest, TrialResult } from './trials';
import type { Verified, VerifyRequest } from './verification';

export type * from './branches';
export type * from './changes';
export type * from './checks';
export type * from './drifted';
export type * from './environments';
export type * from './trials';
export * from './finding';
export type { Repair };

export interface Engine {
  /**
   * The migration folders below the roots, found anew at each call; each with its target.
   *
   * @param environment for their targets there; left out, that of the options
   * @throws {Fault} `bad-usage` when `dir` or `layout` name something that is not there
   */
  projects(environment?: string): Promise<readonly Project[]>;
  /** Ends workers, private servers and connections. */
  close(): Promise<void>;
}

export interface EngineOptions {
  /** Absolute paths of the workspace folders. */
  readonly roots: readonly string[];
  /** Migration folders named by the user; when empty they are looked for. Absolute. */
  readonly folders: readonly string[];
  /** Forces a layout by name. */
  readonly layout: string | undefined;
  /** The same for one folder, by its absolute path. */
  readonly layouts: (folder: string) => string | undefined;
  /** `embedded`, a URL or key=value string, or undefined: DATABASE_URL of environment and `.env`, else embedded. */
  readonly target: (folder: string) => TargetChoice | undefined;
  /** Name of the environment whose targets are meant, instead of those for development. */
  readonly environment?: string | undefined;
  /** Environments as the user's settings have them, before those of the repository; not looked at yet. */
  readonly environments?: unknown;
  /** Oldest rehearsal that an apply to production may rely on, in minutes; left out, 60. */
  readonly rehearsalMaxAge?: number | undefined;
  /** Passwords of environments by the ids of their targets, from the keychain: for another server they are none. */
  readonly environmentPasswords?: Readonly<Record<string, string>>;
  readonly statementMs: number;
  readonly shadow: 'auto' | 'private' | 'same-server' | 'embedded' | { readonly url: string };
  /**
   * Megabytes below which the rows of a target are copied to the shadow; 0 for never; undefined when the user has not
   * said it: 100, and 0 on a shadow server that the user names.
   */
  readonly shadowDataLimit: number | undefined;
  /** Left out: all are kept, and dump files are plain. */
  readonly snapshots?: SnapshotSettings;
  /** Folders with Postgres binaries to look at first. */
  readonly binaries: readonly string[];
  /** Commands or absolute paths, for tools whose migrations are programs; left out where they are looked for. */
  readonly interpreters?: Readonly<Partial<Record<Language, string>>>;
  /**
   * Called when a tool takes long to tell of its programs: until `done` its project is as it told last, or has the fault
   * `tool-asked` where it has not told yet; then projects have to be asked for again. Left out, `projects` waits.
   */
  readonly onAsking?: (asking: Asking) => void;
  /** Whether the migrations of a folder have to change nothing when they are run again; left out for none. */
  readonly requireIdempotent?: (folder: string) => boolean;
  /** How much checks tell of what each statement locks, reads, writes and changes; it takes time after the answer. */
  readonly observe: ObservationLevel;
}

export interface Asking {
  /** Absolute. */
  readonly folder: string;
  /** For people. */
  readonly tool: string;
  readonly done: Promise<unknown>;
}

export type TargetChoice =
  | { readonly kind: 'embedded' }
  | { readonly kind: 'server'; readonly connection: string; readonly password?: string };

export interface Project extends BranchProject {
  readonly folder: MigrationFolder;
  readonly target: TargetInfo;
  /**
   * Those that are configured for this folder.
   *
   * @throws {Fault} `bad-environments`, `not-readable`
   */
  environments(): readonly EnvironmentInfo[];
  /** @throws {Fault} when the target does not answer or its history cannot be read */
  status(signal?: AbortSignal): Promise<Status>;
  /**
   * Rehearses scripts, each at its place in the history, and takes everything back.
   *
   * @param onFile called for each file as soon as it is known, in order
   */
  check(wanted: Wanted, onFile: (file: FileCheck) => void, signal: AbortSignal): Promise<Check>;
  /**
   * The rows of the target that a finding counts; some of them when there are many.
   *
   * @param rows of the finding
   * @throws {Fault} `rows-unknown` when nobody has asked for them lately; `refused` when Postgres does not give them
   */
  rowsAtFault(rows: string, signal: AbortSignal): Promise<RowsAtFault>;
  /** The schema of the target as pg_dump tells it. */
  schema(signal: AbortSignal): Promise<string>;
  /** The schema before and after one migration, named by the path of its file, or after all of them (`pending`). */
  preview(path: string, signal: AbortSignal): Promise<Preview>;
  /**
   * Rewrites a file so that running it again changes nothing, and runs it twice to see whether that is so. Writes nothing.
   *
   * @throws {Fault} `no-such-migration`; `by-hand` of a file that is no SQL; as `preview`
   */
  makeIdempotent(path: string, signal: AbortSignal): Promise<Idempotence>;
  /**
   * Runs migrations up and down again on a shadow, and tells whether all is as it was.
   *
   * @param onVerified called for each migration as soon as it is known, in order
   */
  verify(request: VerifyRequest, onVerified: (verified: Verified) => void, signal: AbortSignal): Promise<void>;
  /**
   * What is known before anything is run to keep these from being applied: their order, a mark of the tool, a file that it
   * could not run.
   *
   * @throws {Fault} as `apply`
   */
  mayApply(which: ApplyRequest['which'], signal?: AbortSignal): Promise<void>;
  /**
   * The same for the newest applied migrations, which may have no down script.
   *
   * @throws {Fault} as `revert`
   */
  mayRevert(versions: RevertRequest['versions'], signal?: AbortSignal): Promise<void>;
  apply(request: ApplyRequest, progress: (step: Progress) => void, signal: AbortSignal): Promise<ApplyResult>;
  /**
   * Runs the down scripts of the newest applied migrations.
   *
   * @throws {Fault} `history-moved` when they are not those of the request; then nothing was run
   */
  revert(request: RevertRequest, progress: (step: Progress) => void, signal: AbortSignal): Promise<ApplyResult>;
  /** Newest first. */
  snapshots(signal?: AbortSignal): Promise<readonly Snapshot[]>;
  snapshot(request: SnapshotRequest, signal: AbortSignal): Promise<SnapshotResult>;
  /** What a snapshot would be, before one is taken. */
  snapshotForecast(form: SnapshotRequest['form'], signal: AbortSignal): Promise<SnapshotForecast>;
  /**
   * Puts the snapshot in the place of the target by renames; the replaced database is kept as a snapshot.
   *
   * @throws {Fault} of what is carried over `no-such-table`, `rows-refused`: then nothing was changed
   */
  restore(id: string, request: RestoreRequest, signal: AbortSignal): Promise<RestoreResult>;
  /** What has been written since the snapshot and could be carried over; what cannot, with the reason. */
  tablesSince(id: string, signal: AbortSignal): Promise<readonly TableSince[]>;
  /** The tables that could be restored by themselves. */
  snapshotTables(id: string, signal: AbortSignal): Promise<readonly SnapshotTable[]>;
  /**
   * Gives these tables the rows that the snapshot has of them; the target is kept as a snapshot before.
   *
   * @throws {Fault} `no-such-table`, `rows-refused`: then nothing was changed
   */
  restoreTables(id: string, tables: readonly string[], consent: Consent, signal: AbortSignal): Promise<TablesResult>;
  /** From a snapshot to another one, or to the target now. */
  compareSnapshots(id: string, other: string | undefined, signal: AbortSignal): Promise<SnapshotDifference>;
  /**
   * Names or pins a snapshot.
   *
   * @throws {Fault} `no-such-snapshot`, `bad-usage`, `no-right`
   */
  markSnapshot(id: string, mark: SnapshotMark, consent: Consent, signal: AbortSignal): Promise<Snapshot>;
  /**
   * Throws a snapshot away for good.
   *
   * @throws {Fault} `no-such-snapshot`; `busy`, `locked` while it is in use
   */
  deleteSnapshot(id: string, consent: Consent, signal: AbortSignal): Promise<void>;
  /**
   * Runs pending migrations on a copy of the target with its rows, up, down and up again, and commits there.
   *
   * @throws {Fault} `no-trial` where their tool cannot be led to a copy, or a script reaches outside of one; `locked` while
   *   snapshots of the target are worked on; as `apply`. The target is as it was then.
   */
  trial(request: TrialRequest, progress: (step: Progress) => void, signal: AbortSignal): Promise<TrialResult>;
  /** Copies of trials that are there, newest first. */
  trials(signal?: AbortSignal): Promise<readonly KeptTrial[]>;
  /** @throws {Fault} `no-such-trial`; `busy` while somebody is connected to it; `locked` */
  deleteTrial(name: string, consent: Pick<Consent, 'confirmedName'>, signal: AbortSignal): Promise<void>;
  /** @throws {Fault} `no-trial` where nothing can connect to it */
  psqlFor(database: string): PsqlCall;
  /**
   * What would end that the tool refuses to go on (Status.blocked), or else complains of its history: likeliest first;
   * none where nothing would.
   */
  repairs(signal?: AbortSignal): Promise<readonly Repair[]>;
  /**
   * Changes the history as one of the repairs says, and nothing else.
   *
   * @throws {Fault} `history-moved` when it is not offered any more; then nothing was run
   */
  repair(repair: Pick<Repair, 'statements'>, consent: Consent, signal: AbortSignal): Promise<void>;
  /**
   * What was applied of an up file that was edited since.
   *
   * @throws {Fault} `not-edited`, `applied-text-unknown` when no commit of git holds it either, `no-git`; as `status`
   */
  appliedText(path: string, signal: AbortSignal): Promise<AppliedText>;
  /**
   * The same, with the statements that are others now as a new migration, as it would be written.
   *
   * @throws {Fault} as appliedText; `not-edited` also when nothing but white space and comments is another
   */
  movedEdit(path: string, signal: AbortSignal): Promise<MovedEdit>;
  /**
   * The SQL that is kept of a migration which is applied and has no file here.
   *
   * @throws {Fault} `applied-text-unknown`, and as `status`
   */
  keptSql(version: string, signal?: AbortSignal): Promise<string>;
  /**
   * Compares the target with what its applied migrations make, replayed from nothing; in `passing` when nothing else is
   * to be done.
   *
   * @throws {Fault} as `status`, and as `check`
   */
  drift(signal: AbortSignal, occasion?: Occasion): Promise<Drift>;
  /**
   * Leaves these as they are from now on, as long as they stay so; written into `Drift.ignoreFile`.
   *
   * @throws {Fault} `not-readable`, `not-writable`, `disk-full`
   */
  ignoreDrift(objects: readonly ObjectChange[], reason: string): void;
  /**
   * Writes a folder of scripts by which somebody else brings the target to its newest migration, or up to one: nothing is
   * changed on the target.
   *
   * @throws {Fault} `no-bundle`, `unsaved`, `not-writable`, `disk-full`; as `apply` before anything is run
   */
  bundle(request: BundleRequest, signal: AbortSignal): Promise<BundleResult>;
  /**
   * Nothing is changed by it.
   *
   * @param ids of DriftedObject; of all that are not ignored when left out
   * @throws {Fault} `no-drift`; `drift-uncertain`; `no-script` when nobody knows a way that leads there exactly; as `drift`
   */
  driftScript(way: DriftWay, ids: readonly string[] | undefined, signal: AbortSignal): Promise<DriftScript>;
  /**
   * Writes it as a new migration.
   *
   * @returns absolute path of the file with the statements; the project knows of it when projects are asked for again
   * @throws {Fault} `by-hand` when its tool would read other statements; as `driftScript`, `not-writable`
   */
  writeDriftMigration(script: DriftScript, title: string): string;
  /**
   * Records a migration as applied without running it, for what the target has already.
   *
   * @param path of its up file
   * @throws {Fault} `no-such-migration`; as `apply`
   */
  recordApplied(path: string, consent: Consent, signal: AbortSignal): Promise<void>;
  /** @throws {Fault} `history-moved` when the schema is another one than what was shown; as `apply` */
  undoDrift(request: UndoDriftRequest, progress: (step: Progress) => void, signal: AbortSignal): Promise<ApplyResult>;
  /** How the files of a migration would be called with the next version; empty where the version is in no name. */
  renames(path: string): readonly Rename[];
  /** Databases that the workspace and the environment name, best first. */
  candidates(): readonly TargetCandidate[];
  /** Forgets what is known of the target, so that the next call looks at it anew. */
  refresh(): void;
  /**
   * Asks the target, beside whatever runs, whether anybody has changed its schema or history since it was looked at; then
   * does as `refresh`. Who has `asked` is told of rows as well: the next check asks them again. It costs the server next to nothing while nobody works there; `passing` questions are put less
   * often where others do.
   */
  refreshIfMoved(occasion: Occasion): Promise<Glance>;
  /**
   * Copies the rows of the target for the shadow, beside whatever runs, where that is wanted and due. To be called when
   * a check is over.
   *
   * @returns whether the next check has something new to tell
   */
  copyRows(): Promise<boolean>;
  /** Writes the files of a new migration. @returns absolute path of the first and the cursor's offset in it */
  create(title: string): { readonly path: string; readonly cursor: number };
}

/**
 * Which files to rehearse: those of all migrations, or of the pending ones; some by their paths; some by their paths
 * upon what is there already, so that nobody waits for rows to be copied; or those that are open in an editor, by
 * their paths, and after them the other pending ones, which may stand on them.
 */
export type Wanted =
  | 'all'
  | 'pending'
  | readonly string[]
  | { readonly standing: readonly string[] }
  | { readonly open: readonly string[] };

/**
 * - `asked`: somebody comes back to the editor, and may have been in psql
 * - `passing`: nobody waits for it
 */
export type Occasion = 'asked' | 'passing';

/**
 * - `moved`: schema or history
 * - `rows`: neither, but rows may have been written
 * - `same`: also where nobody has asked about the target yet
 * - `silent`: it gives no answer
 */
export type Glance = 'moved' | 'rows' | 'same' | 'silent';

export interface TargetInfo {
  readonly id: string;
  /** `shop_dev@localhost:5432`, `embedded`. Never a password. */
  readonly label: string;
  readonly name: string;
  readonly local: boolean;
  readonly engine: 'server' | 'embedded';
  /** Where the choice came from, for people: `DATABASE_URL in .env`. */
  readonly because: string;
  /** Undefined for the target that the editor rehearses for. */
  readonly environment?: EnvironmentInfo;
}

/** A database that could be the target. */
export interface TargetCandidate {
  /** `shop_dev@localhost:5432`. */
  readonly label: string;
  /** `DATABASE_URL in .env`. */
  readonly source: string;
  /** With the password where the source holds one. */
  readonly choice: TargetChoice;
  readonly local: boolean;
}

export interface BundleRequest {
  /** Absolute path of a folder that is not there yet, or empty. */
  readonly out: string;
  readonly which: Extract<ApplyRequest['which'], 'all' | { readonly upTo: string }>;
}

export type BundleResult =
  | {
      readonly kind: 'written';
      /** Paths in the folder. */
      readonly files: readonly string[];
      readonly versions: readonly string[];
      /** Those that have no way back. */
      readonly withoutDown: readonly string[];
      /** Of the schema before and after; undefined where it is not known. */
      readonly fingerprints: { readonly before: string; readonly after: string | undefined };
    }
  /** A rehearsal finds what keeps them from being applied. */
  | { readonly kind: 'refused'; readonly errors: readonly (Finding & Place)[] }
  | { readonly kind: 'nothing' };

export interface AppliedText {
  /** With its byte order mark. */
  readonly text: string;
  /** The file as it is, written in another way (`its line ends, which were LF`); what we have kept; or a commit of it. */
  readonly from:
    | { readonly kind: 'file'; readonly differsIn: string }
    /** `at`: ISO 8601. */
    | { readonly kind: 'kept'; readonly at: string }
    | { readonly kind: 'git'; readonly commit: string };
}

export interface MovedEdit {
  readonly applied: AppliedText;
  /** Those that are to be made. The first one has the statements; where there is none, one of the lists has. */
  readonly files: readonly { readonly path: string; readonly text: string }[];
  /** Those that list the migrations, as they are to be then. */
  readonly lists: readonly { readonly path: string; readonly text: string }[];
}

/** Absolute paths of a file, or of a folder. */
export interface Rename {
  readonly from: string;
  readonly to: string;
}

export interface Status {
  /** For people: `PostgreSQL 16.4`. */
  readonly server: string;
  readonly historyTable: string;
  /** In the order of the folder; then the versions that the database has and the folder lacks. */
  readonly migrations: readonly MigrationStatus[];
  /** Versions as they would be reverted: newest first, also those without a file here whose SQL is kept. */
  readonly revertible: readonly string[];
  /** Why the tool would refuse to go on, and what to do. */
  readonly blocked?: string;
}

/**
 * - `edited`: applied, and changed since
 * - `missing`: applied, and not in this folder
 * - `skipped`: not applied, and the tool will never run it (older than its high-water mark)
 */
export type MigrationState = 'applied' | 'pending' | 'edited' | 'missing' | 'skipped';

export interface MigrationStatus {
  readonly version: string;
  readonly title: string;
  readonly state: MigrationState;
  /** Undefined for `missing`. */
  readonly migration: Migration | undefined;
  /**
   * What the tool makes of it, in whole sentences, where that is more than the state says: a pending one that keeps it
   * from going on, an edited one that differs in nothing but its line ends.
   */
  readonly reason?: string;
  /** Of a `missing` one whose SQL we have kept. */
  readonly kept?: {
    /** ISO 8601. */
    readonly at: string;
    readonly hasDown: boolean;
  };
}
