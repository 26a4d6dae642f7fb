/** What a look at the target tells, and how long it is waited for. */
import { setTimeout as delay } from 'node:timers/promises';
import { Fault } from '../base/fault';
import type { HistoryState } from '../history/history';
import type { SchemaSeen } from './liveSchema';
import { lookMs } from './targetWatch';

/** What a look at the target has told. */
export interface Live {
  readonly server: string;
  readonly history: HistoryState;
  /** Undefined for the embedded engine. */
  readonly schema: SchemaSeen | undefined;
}

/** What may pass without anybody changing settings here, so that it is worth another look. */
export const comingBack = new Set<string>(['no-server', 'connection-lost', 'no-database', 'history-moved', 'busy']);

/** Whether the look has come to something; what went wrong is told to who asked for it. */
export async function isSeen(look: Promise<Live>): Promise<boolean> {
  try {
    await look;
    return true;
  } catch (error) {
    if (error instanceof Fault) return false;
    throw error;
  }
}

/** A connection that has gone silent, behind a proxy for example, neither answers nor ends. */
export async function inTime<T>(look: Promise<T>, label: string, signal: AbortSignal | undefined): Promise<T> {
  const over = new AbortController();
  const ending = signal ? AbortSignal.any([over.signal, signal]) : over.signal;
  const late = delay(lookMs, undefined, { signal: ending }).then(() => {
    throw new Fault('no-server', `${label} gave no answer within ${lookMs / 1000} seconds.`);
  });
  try {
    return await Promise.race([look, late]);
  } finally {
    over.abort();
  }
}
