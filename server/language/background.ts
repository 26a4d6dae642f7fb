/** Work that no request waits for: what goes wrong with it becomes a line in the log, and never ends the server. */
import type { Connection } from 'vscode-languageserver/node';
import { Fault } from '../engine/base/fault';
import type { FaultData } from '../protocol/messages';
import { faultData } from './reply';

/** Why something could not be done, for people and for the client. */
export interface Trouble extends FaultData {
  readonly message: string;
}

export function inBackground(connection: Connection, work: Promise<unknown>): void {
  work.catch((error: unknown) => logTrouble(connection, 'In the background', error));
}

/** One line for a fault; for a defect of ours also where it happened. */
export function logTrouble(connection: Connection, what: string, error: unknown): void {
  connection.console.warn(`${what}: ${troubleOf(error).message}`);
  if (!(error instanceof Fault)) {
    connection.console.error(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
}

/** A defect of ours has no remedy but the log. */
export function troubleOf(error: unknown): Trouble {
  if (error instanceof Fault) return { ...faultData(error), message: error.message };
  const what = error instanceof Error ? error.message : String(error);
  return { fault: 'defect', message: `This is a defect in Rehearsal (${what}). The log tells more.` };
}
