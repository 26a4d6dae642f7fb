/** What a request is refused with: a fault, with a command that mends it where there is one. */
import { deepEqual, match, ok, rejects } from 'node:assert/strict';
import { ResponseError } from 'vscode-languageserver-protocol/node';
import type { FaultData } from '../../server/protocol/messages';

export async function refuses(asked: Promise<unknown>, fault: string, message: RegExp, remedy?: string): Promise<void> {
  await rejects(asked, (error: unknown) => {
    ok(error instanceof ResponseError, String(error));
    match(error.message, message);
    deepEqual(error.data satisfies FaultData, { fault, ...(remedy === undefined ? {} : { remedy }) });
    return true;
  });
}
