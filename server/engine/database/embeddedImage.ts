/** A data directory in one piece, for the disk: an archive that tells whether it is whole. */
import { crc32 } from 'node:zlib';
import { packTar, type TarEntry, unpackTar } from './tar';

/** In the last bytes of the archive, which are zeros otherwise, behind all that readers look at. */
const checksumBytes = 4;

export function packImage(entries: readonly TarEntry[]): Buffer {
  const archive = packTar(entries);
  archive.writeUInt32LE(checksumOf(archive), archive.length - checksumBytes);
  return archive;
}

/** The data are views into the image. @throws {RangeError} when it is damaged or cut off */
export function unpackImage(image: Uint8Array): TarEntry[] {
  const archive = Buffer.from(image.buffer, image.byteOffset, image.byteLength);
  const isWhole =
    archive.length > checksumBytes && archive.readUInt32LE(archive.length - checksumBytes) === checksumOf(archive);
  if (!isWhole) throw new RangeError('the image is damaged');
  return unpackTar(archive);
}

const checksumOf = (archive: Buffer): number => crc32(archive.subarray(0, archive.length - checksumBytes));
