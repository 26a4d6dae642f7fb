/** Schema and rows of a database on a server, in one text. */
import type { Database } from '../../server/engine/database/database';

export async function wholeDump({ dumpWithRows }: Database): Promise<string> {
  if (!dumpWithRows) throw new Error('only a server dumps rows');
  const pieces: Buffer[] = [];
  for await (const piece of dumpWithRows(new AbortController().signal)) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}
