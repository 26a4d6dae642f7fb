/** Messages about migrations that change nothing when they are run again. */
import { type Range, RequestType } from 'vscode-languageserver-protocol';
import type { FaultData } from './messages';

/** Client → server: rewrite this file so that running it again changes nothing, and try whether that is so. */
export const MakeIdempotentRequest = new RequestType<MakeIdempotentParams, MakeIdempotentResult, FaultData>(
  'rehearsal/makeIdempotent',
);

export interface MakeIdempotentParams {
  readonly uri: string;
}

export interface MakeIdempotentResult {
  /** As the engine's Idempotence has it. */
  readonly verdict: 'already' | 'rewritten' | 'partly' | 'differs' | 'refused';
  /** For people, in whole sentences. */
  readonly says: string;
  /** Of the text as it is now; empty where nothing is offered. */
  readonly edits: readonly { readonly range: Range; readonly newText: string }[];
}
