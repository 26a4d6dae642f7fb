/** The advisory lock that we take where a tool has none. */
import { crc32 } from 'node:zlib';

/** Upper half: `rhsl` in ASCII. Lower half: which tool, which table. Advisory locks are apart by database anyway. */
export const ownLockId = (tool: string, table: string): bigint =>
  (0x7268_736cn << 32n) | BigInt(crc32(`${tool}\0${table}`));
