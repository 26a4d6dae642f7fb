/** What `rejects` and `throws` are given when they expect a fault. */
import { equal, match } from 'node:assert/strict';
import { Fault, type FaultCode } from '../../server/engine/base/fault';

/** @param words that its message holds */
export const isFault =
  (code: FaultCode, words = /(?:)/) =>
  (error: unknown): boolean => {
    if (!(error instanceof Fault)) throw error;
    equal(error.code, code, error.message);
    match(error.message, words);
    return true;
  };
