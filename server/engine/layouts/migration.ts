/** A migration with its files, as found in a folder. */
import { relative, resolve, sep } from 'node:path';
import { unlessUnreadable } from '../base/unlessUnreadable';
import type { Files } from '../world';
import type { TextRange } from '../base/text';
import type {
  FileProblem,
  FolderContents,
  FolderProblem,
  Layout,
  MigrationFile,
  MigrationName,
  NamedDatabase,
} from './layout';

/** One versioned change; the order is that of `MigrationFolder.migrations`. */
export interface Migration {
  readonly version: string;
  readonly title: string;
  /** Absolute path of the file with the up script. */
  readonly upPath: string | undefined;
  /** The same path when one file holds both. */
  readonly downPath: string | undefined;
  /** Absolute path of the file that is run behind the up script to see whether all is there; left out where there is none. */
  readonly verifyPath?: string;
  readonly name: MigrationName;
}

/** What a tool would send for a file that is a program; the ranges are those of the file as it was then. */
export interface AskedFile extends MigrationFile {
  /** The file as it was on the disk when the tool was asked. */
  readonly text: string;
  /** What the tool sends, as a document for people. */
  readonly sql: string;
}

/** Its files, each once. */
export const pathsOf = ({ upPath, downPath, verifyPath }: Migration): readonly string[] => [
  ...new Set([upPath, downPath, verifyPath].filter((it) => it !== undefined)),
];

/** A folder of migrations of one tool. */
export interface MigrationFolder {
  /** Absolute path. */
  readonly path: string;
  readonly layout: Layout;
  /** Why this layout was chosen, for people. */
  readonly because: string;
  /** Oldest first. */
  readonly migrations: readonly Migration[];
  /** What the tool has told of its files, by path, where they are programs. */
  readonly asked?: ReadonlyMap<string, AskedFile>;
  /** Where the tool has told that it can connect; perhaps with passwords. */
  readonly databases?: readonly NamedDatabase[];
  /** Versions that stand twice and other trouble of the folder as a whole. */
  readonly problems: readonly PlacedProblem[];
}

/** As FolderProblem, its file by absolute path. */
export type PlacedProblem = Omit<FolderProblem, 'fileName'> & { readonly path: string };

export const severityOf = ({ stops }: PlacedProblem): 'error' | 'warning' =>
  stops === undefined ? 'warning' : 'error';

/** As its layout takes it: relative to the folder, with `/` between. */
export const fileNameIn = ({ path }: Pick<MigrationFolder, 'path'>, file: string): string =>
  relative(path, file).replaceAll(sep, '/');

/** @param read by absolute path */
export const besideIn =
  ({ path }: Pick<MigrationFolder, 'path'>, read: (path: string) => string | undefined): FolderContents['read'] =>
  (name) =>
    unlessUnreadable(() => read(resolve(path, name)));

/**
 * As Layout.read, with what the tool says of a byte order mark.
 *
 * @param text without it
 */
export function fileOf(
  folder: Pick<MigrationFolder, 'path' | 'layout' | 'asked'>,
  path: string,
  text: string,
  files: Pick<Files, 'read' | 'isMarked'>,
): MigrationFile {
  const { layout } = folder;
  const asked = folder.asked?.get(path);
  if (asked) return text === asked.text ? asked : withoutEdits(asked, text, layout.label);
  const fileName = fileNameIn(folder, path);
  const file = layout.read(
    fileName,
    text,
    besideIn(folder, (it) => files.read(it)),
  );
  const effect = files.isMarked(path) ? effectOfMark(layout, fileName) : undefined;
  return effect === undefined ? file : { ...file, problems: [marked(effect), ...file.problems] };
}

/** What was typed since is known when it is saved: until then all stands where it was. */
function withoutEdits(asked: AskedFile, text: string, label: string): MigrationFile {
  const within = ({ start, end }: TextRange): TextRange => ({
    start: Math.min(start, text.length),
    end: Math.min(end, text.length),
  });
  const unsaved: FileProblem = {
    range: { start: 0, end: 0 },
    severity: 'information',
    code: 'not-saved',
    message: `What is told is of the file as ${label} has read it last. Save it, and it is asked again.`,
  };
  return {
    ...(asked.outside === undefined ? {} : { outside: asked.outside }),
    scripts: asked.scripts.map((script) => ({
      ...script,
      range: within(script.range),
      pieces: (script.pieces ?? []).map(({ replaced = [], ...piece }) => ({
        ...within(piece),
        replaced: replaced.map((it) => ({ ...it, range: within(it.range) })),
      })),
    })),
    problems: [unsaved, ...asked.problems.map((it) => ({ ...it, range: within(it.range) }))],
  };
}
const effectOfMark = ({ onByteOrderMark }: Layout, fileName: string): string | undefined =>
  typeof onByteOrderMark === 'function' ? onByteOrderMark(fileName) : onByteOrderMark;

const marked = (effect: string): FileProblem => ({
  range: { start: 0, end: 0 },
  severity: 'error',
  code: 'byte-order-mark',
  message: `The file begins with a byte order mark. ${effect} Save it as UTF-8 without one.`,
});
