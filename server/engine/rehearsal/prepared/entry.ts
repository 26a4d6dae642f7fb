/** A prepared state as one file: what is known of the links that lead to it, and the image of a shadow that holds it. */
import { crc32 } from 'node:zlib';
import type { Knowledge } from './knowledge';

export interface Entry {
  readonly knowledge: Knowledge;
  /** Tells itself whether it is whole. */
  readonly image: Uint8Array;
}

/** Length and checksum of the knowledge, each in four bytes. */
const headBytes = 8;

export function packEntry({ knowledge, image }: Entry): Buffer {
  const text = Buffer.from(JSON.stringify(knowledge));
  const head = Buffer.alloc(headBytes);
  head.writeUInt32LE(text.length, 0);
  head.writeUInt32LE(crc32(text), 4);
  return Buffer.concat([head, text, image]);
}

/** The image is a view into the file. @returns undefined when the file is damaged */
export function unpackEntry(file: Buffer): Entry | undefined {
  if (file.length < headBytes) return undefined;
  const end = headBytes + file.readUInt32LE(0);
  const text = file.subarray(headBytes, end);
  if (end > file.length || file.readUInt32LE(4) !== crc32(text)) return undefined;
  return { knowledge: JSON.parse(text.toString()) as Knowledge, image: file.subarray(end) };
}
