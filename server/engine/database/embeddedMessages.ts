/** What the owner of the embedded engine and its worker say to each other. Plain values; one reply for each request. */
import type { FaultCode } from '../base/fault';
import type { Answer, Session } from './session';

/** What a worker is begun with. */
export interface EmbeddedWork {
  readonly assets: string;
  readonly wasm?: WebAssembly.Module;
  /** Make the data directory of an empty database, post it as a tar.gz, and that is all. */
  readonly make?: boolean;
}

export type EmbeddedRequest =
  /** The first request. Without an image, and where there is no file of this path, the database is new and empty. */
  | { readonly kind: 'start'; readonly path: string | undefined; readonly image: Uint8Array | undefined }
  | {
      readonly kind: 'run';
      readonly sql: string;
      readonly copyData: string | undefined;
      readonly withRows: true | undefined;
      readonly behind: string | undefined;
      readonly ahead: readonly string[];
    }
  | { readonly kind: 'rows'; readonly sql: string; readonly values: readonly (string | null)[] }
  | { readonly kind: 'dump' }
  /** Keeps a copy of the database in the worker under this number. */
  | { readonly kind: 'save'; readonly copy: number }
  | { readonly kind: 'restore'; readonly copy: number }
  | { readonly kind: 'forget'; readonly copy: number }
  /** The database in one piece, to start from. */
  | { readonly kind: 'image' }
  /** Writes the database to its file, atomically. */
  | { readonly kind: 'keep'; readonly path: string };

/** The copy of what a worker has started from: it is there without being asked for. */
export const begun = { copy: 0 } as const;

/** The values by kind of request. */
export interface EmbeddedReplies {
  readonly start: {
    readonly version: string;
    readonly versionNumber: number;
    readonly user: string;
    readonly database: string;
  };
  readonly run: Answer;
  readonly rows: EmbeddedRows;
  readonly dump: string;
  readonly save: undefined;
  readonly restore: undefined;
  readonly forget: undefined;
  readonly image: Uint8Array;
  readonly keep: undefined;
}

export interface EmbeddedRows {
  readonly columns: readonly { readonly name: string; readonly type: number }[];
  readonly rows: readonly (readonly (string | null)[])[];
}

export type EmbeddedReply = { readonly id: number; readonly transaction: Session['transaction'] } & (
  | { readonly kind: 'value'; readonly value: EmbeddedReplies[EmbeddedRequest['kind']] }
  | { readonly kind: 'fault'; readonly code: FaultCode; readonly detail: string }
  /** A bug of ours. */
  | { readonly kind: 'error'; readonly message: string; readonly stack: string | undefined }
);
