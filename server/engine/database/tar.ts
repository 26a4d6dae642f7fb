/** Archives in the tar format (POSIX ustar), of folders and plain files only, as PGlite reads and writes them. */

export interface TarEntry {
  /** Relative, with `/`; at most 100 bytes. */
  readonly path: string;
  /** Undefined for a folder. */
  readonly data: Uint8Array | undefined;
}

const blockBytes = 512;
const nameBytes = 100;
const sizeAt = 124;
const checksumAt = 148;
const typeAt = 156;
const folderType = '5';
const fileType = '0';

export const packTar = (entries: readonly TarEntry[]): Buffer => Buffer.concat([...tarBlocks(entries)]);

/** The same piece by piece, for an archive that is not to be held in memory as a whole. */
export function* tarBlocks(entries: Iterable<TarEntry>): Generator<Uint8Array> {
  for (const { path, data } of entries) {
    const header = Buffer.alloc(blockBytes);
    writeHeader(header, path, data);
    yield header;
    if (!data || data.length === 0) continue;
    yield data;
    yield Buffer.alloc(padded(data.length) - data.length);
  }
  yield Buffer.alloc(2 * blockBytes);
}

/** The data are views into the archive. @throws {RangeError} when it is not an archive or is cut off */
export function unpackTar(archive: Uint8Array): TarEntry[] {
  const bytes = Buffer.from(archive.buffer, archive.byteOffset, archive.byteLength);
  const entries: TarEntry[] = [];
  let at = 0;
  while (at + blockBytes <= bytes.length && bytes[at] !== 0) {
    const header = bytes.subarray(at, at + blockBytes);
    const size = octal(header, sizeAt, 12);
    if (octal(header, checksumAt, 8) !== checksumOf(header)) throw new RangeError('a header of the archive is damaged');
    at += blockBytes;
    if (at + size > bytes.length) throw new RangeError('the archive is cut off');
    const folder = header.toString('latin1', typeAt, typeAt + 1) === folderType;
    const path = textAt(header, 0, nameBytes)
      .replace(/^\.?\//, '')
      .replace(/\/$/, '');
    if (path !== '') entries.push({ path, data: folder ? undefined : bytes.subarray(at, at + size) });
    at += padded(size);
  }
  return entries;
}

const padded = (bytes: number): number => Math.ceil(bytes / blockBytes) * blockBytes;

function writeHeader(header: Buffer, path: string, data: Uint8Array | undefined): void {
  if (header.write(path) !== Buffer.byteLength(path) || Buffer.byteLength(path) > nameBytes)
    throw new RangeError(`${path} is too long for the archive`);
  header.write(data ? '0000644\0' : '0000755\0', 100);
  header.write('0000000\0', 108);
  header.write('0000000\0', 116);
  header.write(`${(data?.length ?? 0).toString(8).padStart(11, '0')} `, sizeAt);
  header.write('00000000000 ', 136);
  header.write(data ? fileType : folderType, typeAt);
  header.write('ustar\x0000', 257);
  header.write(`${checksumOf(header).toString(8).padStart(6, '0')}\0 `, checksumAt);
}

/** The sum of the bytes of a header, with its own place counted as blanks. */
function checksumOf(header: Uint8Array): number {
  let sum = 0;
  for (let at = 0; at < blockBytes; at++) sum += at >= checksumAt && at < checksumAt + 8 ? 0x20 : (header[at] ?? 0);
  return sum;
}

const octal = (header: Buffer, at: number, length: number): number =>
  Number.parseInt(textAt(header, at, length).trim() || '0', 8);

function textAt(header: Buffer, at: number, length: number): string {
  const field = header.subarray(at, at + length);
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end < 0 ? length : end);
}
