/** Dumps a database by pg_dump compiled to WebAssembly. */
import type { ConnectionParameters } from './parameters';

export async function dumpServer(
  _parameters: ConnectionParameters,
  _assets: string,
  _content: 'schema' | 'all',
  _signal?: AbortSignal,
): Promise<string> {
  throw new Error('not yet');
}
