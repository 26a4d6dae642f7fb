/**
 * Which text was applied? Most tools keep no checksum; so the first look at an applied file is remembered in our own
 * folder, and an edit after that can be told.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sha256 } from '../base/digest';
import { unlessMissing, writeDurably } from '../base/durable';
import { jsonIn } from '../base/json';

export interface AppliedTexts {
  /** Whether the file is another one than what was applied; line ends do not count. */
  edited(version: string, text: string): boolean;
  /** The ones it knows; another object whenever they are others. */
  readonly known: Readonly<Record<string, string>>;
  /** Whether it was there, applied, when we last looked. */
  knows(version: string): boolean;
  /**
   * Makes these the applied versions: new ones are read and remembered as they are, others forgotten.
   *
   * @throws {Fault} whatever reading throws
   */
  remember(applied: ReadonlyMap<string, () => string | undefined>): void;
}

/** Where the texts of one folder are. */
export const textsPath = (home: string, folder: string): string => join(home, `${sha256(folder).slice(0, 24)}.json`);

/** @param home absolute path of the folder for what is remembered of the database */
export function appliedTexts(home: string, folder: string): AppliedTexts {
  const path = textsPath(home, folder);
  let written = textOf(path);
  let known = textsIn(written);
  /** They may have been replaced by those that the database has inherited, also by another process. */
  const readAgain = (): void => {
    const now = textOf(path);
    if (now !== written) [written, known] = [now, textsIn(now)];
  };
  return {
    get known() {
      return known;
    },
    edited: (version, text) => known[version] !== undefined && known[version] !== digestOf(text),
    knows: (version) => known[version] !== undefined,
    remember(applied) {
      readAgain();
      const next = Object.fromEntries(
        [...applied].flatMap(([version, read]) => {
          const first = known[version];
          if (first !== undefined) return [[version, first]];
          const text = read();
          return text === undefined ? [] : [[version, digestOf(text)]];
        }),
      );
      const text = JSON.stringify(next);
      if (text === JSON.stringify(known)) return;
      known = next;
      writeDurably(path, text);
      written = text;
    },
  };
}

const textOf = (path: string): string => unlessMissing(() => readFileSync(path, 'utf8')) ?? '';

/** A file that was damaged says nothing; it is written anew. */
function textsIn(text: string): Readonly<Record<string, string>> {
  const value = jsonIn(text);
  return typeof value === 'object' && value !== null ? (value as Record<string, string>) : {};
}

const digestOf = (text: string): string => sha256(text.replaceAll('\r\n', '\n'));
