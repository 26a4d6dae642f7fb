/** Offsets in files → lines and columns for people and scripts, and paths as they were given. */
import { isAbsolute, relative } from 'node:path';
import { type LinePosition, lineIndex } from '../../engine/base/text';
import { unlessUnreadable } from '../../engine/base/unlessUnreadable';
import type { Place } from '../../engine/project';
import type { Files } from '../../engine/world';

/** A place as printed: lines and columns from 1, columns in UTF-16 code units, end exclusive. */
export interface ShownPlace {
  readonly path: string;
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
}

export interface Places {
  /** How a path is shown: as it was given, else relative to the current folder. */
  path(absolute: string): string;
  /** Text of a file, read once; empty when it has gone or cannot be read. */
  text(absolute: string): string;
  show(place: Place): ShownPlace;
}

/** @param given absolute path → what stood on the command line */
export function placesIn(folder: string, files: Files, given: ReadonlyMap<string, string>): Places {
  const read = new Map<string, { readonly text: string; readonly position: (offset: number) => LinePosition }>();
  const file = (absolute: string) => {
    const known = read.get(absolute);
    if (known) return known;
    const text = unlessUnreadable(() => files.read(absolute)) ?? '';
    const made = { text, position: lineIndex(text) };
    read.set(absolute, made);
    return made;
  };
  const path = (absolute: string) => given.get(absolute) ?? relativePath(folder, absolute);
  return {
    path,
    text: (absolute) => file(absolute).text,
    show({ path: absolute, range }) {
      const { position } = file(absolute);
      const [start, end] = [position(range.start), position(range.end)];
      return {
        path: path(absolute),
        line: start.line + 1,
        column: start.column + 1,
        endLine: end.line + 1,
        endColumn: end.column + 1,
      };
    },
  };
}

/** From the folder on, unless the whole path is shorter: the way to another corner of the disk. */
export function relativePath(folder: string, absolute: string): string {
  const path = relative(folder, absolute);
  const isFar = isAbsolute(path) || (path.startsWith('..') && path.length >= absolute.length);
  return isFar ? absolute : path || '.';
}
