/** Turns the answers of the engine into LSP replies: a fault reaches the client with its remedy, a bug stays a bug. */
import { type CancellationToken, LSPErrorCodes, ResponseError } from 'vscode-languageserver/node';
import { Fault } from '../engine/base/fault';
import { isAbort } from '../engine/base/untilAborted';
import type { FaultData } from '../protocol/messages';

/**
 * Wraps a handler of requests.
 *
 * A fault becomes a ResponseError that carries its remedy; an exception of ours stays one and reaches the log.
 */
export function reply<P, R>(handler: (params: P, signal: AbortSignal) => R | Promise<R>) {
  return async (params: P, token: CancellationToken): Promise<R> => {
    const signal = signalOf(token);
    try {
      return await handler(params, signal);
    } catch (error) {
      if (error instanceof Fault) throw new ResponseError(faultCode, error.message, faultData(error));
      if (signal.aborted && isAbort(error)) {
        throw new ResponseError(LSPErrorCodes.RequestCancelled, 'The request was cancelled.');
      }
      throw error;
    }
  };
}

/** As `reply`, for requests without parameters. */
export function replyPlain<R>(handler: (signal: AbortSignal) => Promise<R>) {
  const answer = reply<undefined, R>((_, signal) => handler(signal));
  return (token: CancellationToken) => answer(undefined, token);
}

/** What the client needs of a fault beside its message. */
export function faultData(fault: Fault): FaultData {
  return { fault: fault.code, ...(fault.remedy === undefined ? {} : { remedy: fault.remedy }) };
}

/** Ours among the server-defined codes of JSON-RPC; what happened stands in the data. */
const faultCode = 1;

function signalOf(token: CancellationToken): AbortSignal {
  const controller = new AbortController();
  if (token.isCancellationRequested) controller.abort();
  token.onCancellationRequested(() => controller.abort());
  return controller.signal;
}
