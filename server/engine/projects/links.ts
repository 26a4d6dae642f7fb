/** Turns the files of a folder into links of a chain. */
import { basename } from 'node:path';
import { Fault } from '../base/fault';
import { withDirectiveProblems } from '../layouts/directives/finder';
import type { MigrationFile } from '../layouts/layout';
import {
  type AskedFile,
  besideIn,
  fileNameIn,
  fileOf,
  type Migration,
  type MigrationFolder,
} from '../layouts/migration';
import type { Link, ScriptFile } from '../rehearsal/link';
import type { Files } from '../world';

export interface ReadMigration {
  readonly migration: Migration;
  readonly link: Link;
  /** Run behind it, to see whether all is there; left out where there is no such script. */
  readonly verify?: Link;
  /** What each file says about itself, by path. */
  readonly files: ReadonlyMap<string, ReadFile>;
  /** Extensions that the up file asks for. */
  readonly extensions: readonly string[];
}

export interface ReadFile extends MigrationFile {
  readonly path: string;
  /** Without a byte order mark. */
  readonly text: string;
  /** Whether it has one on the disk. */
  readonly isMarked: boolean;
  /** What its layout has read beside it, by name. */
  readonly beside: ReadonlyMap<string, string | undefined>;
  /** What its tool has told of it, where it is a program. */
  readonly asked: AskedFile | undefined;
}

/** Whether it can share a transaction with others. */
export const canShare = ({ link: { up } }: ReadMigration): boolean =>
  up.scripts.every(({ mode }) => mode === 'transaction');

/** Reads the migrations of a folder; what has not changed since the last time is the same object again. */
export class MigrationReader {
  private readonly files = new Map<string, ReadFile>();
  private readonly migrations = new Map<Migration, ReadMigration>();

  /** Oldest first. A migration whose file has gone meanwhile is left out; one that is no text says so as its problem. */
  read(folder: MigrationFolder, files: Files): ReadMigration[] {
    const once = eachOnce(files);
    return folder.migrations.flatMap((migration) => this.readMigration(migration, folder, once) ?? []);
  }

  private readMigration(migration: Migration, folder: MigrationFolder, files: Texts): ReadMigration | undefined {
    const up = this.readFile(migration.upPath, folder, files);
    const down = migration.downPath === migration.upPath ? up : this.readFile(migration.downPath, folder, files);
    if (!up) return undefined;
    const known = this.migrations.get(migration);
    const verify = this.readFile(migration.verifyPath, folder, files);
    const own = [up, ...(down && down !== up ? [down] : []), ...(verify ? [verify] : [])];
    if (known && known.files.size === own.length && own.every((it) => known.files.get(it.path) === it)) return known;
    const read = {
      migration,
      link: { up: scriptsOf(up, 'up'), down: down && scriptsOf(down, 'down') },
      ...(verify ? { verify: { up: scriptsOf(verify, 'up'), down: undefined } } : {}),
      files: new Map(own.map((file) => [file.path, file])),
      extensions: extensionsIn(folder.asked?.get(up.path)?.sql ?? up.text),
    };
    this.migrations.set(migration, read);
    return read;
  }

  private readFile(path: string | undefined, folder: MigrationFolder, files: Texts): ReadFile | undefined {
    if (path === undefined) return undefined;
    const known = this.files.get(path);
    const read = readFile(path, folder, files, known);
    if (read && read !== known) this.files.set(path, read);
    return read;
  }
}

type Texts = Pick<Files, 'read' | 'isMarked'>;

/** For one look at a folder: what lies beside many of its files, such as `atlas.sum`, is asked for once. */
function eachOnce(files: Texts): Texts {
  const known = new Map<string, string | undefined>();
  return {
    read(path) {
      if (!known.has(path)) known.set(path, files.read(path));
      return known.get(path);
    },
    isMarked: (path) => files.isMarked(path),
  };
}

export const wishedBy = (migrations: readonly ReadMigration[]): readonly string[] =>
  migrations.flatMap(({ extensions }) => extensions);

/** Read from the text alone, so that the engine can be chosen before anything runs. */
const extensionsIn = (text: string): string[] =>
  [...text.matchAll(/\bcreate\s+extension\s+(?:if\s+not\s+exists\s+)?"?([\w-]+)"?/gi)].map(([, name = '']) =>
    name.toLowerCase(),
  );

/** @param known as it was read before; the same again when its text is the same */
function readFile(
  path: string,
  folder: MigrationFolder,
  files: Texts,
  known: ReadFile | undefined,
): ReadFile | undefined {
  const readBeside = besideIn(folder, (file) => files.read(file));
  try {
    const text = files.read(path);
    if (text === undefined) return undefined;
    const isMarked = files.isMarked(path);
    const asked = folder.asked?.get(path);
    if (
      known?.text === text &&
      known.asked === asked &&
      known.isMarked === isMarked &&
      (known.scripts.length > 0 || known.outside !== undefined)
    )
      if ([...known.beside].every(([name, former]) => readBeside(name) === former)) return known;
    const beside = new Map<string, string | undefined>();
    const noting = (other: string): string | undefined => {
      const name = fileNameIn(folder, other);
      beside.set(name, readBeside(name));
      return beside.get(name);
    };
    const read = fileOf(folder, path, text, { read: noting, isMarked: () => isMarked });
    const isSql = read.outside === undefined && folder.layout.program === undefined;
    const problems = isSql ? withDirectiveProblems(folder.layout, { text, isMarked }, read.problems) : read.problems;
    return { path, text, isMarked, beside, asked, ...read, problems };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const problem = {
      range: { start: 0, end: 0 },
      severity: 'error',
      code: 'not-readable',
      // It is told at its place.
      message: error.message.replaceAll(path, basename(path)),
    } as const;
    return { path, text: '', isMarked: false, beside: new Map(), asked: undefined, scripts: [], problems: [problem] };
  }
}

const scriptsOf = ({ path, text, scripts }: ReadFile, wanted: 'up' | 'down'): ScriptFile => ({
  path,
  text,
  scripts: scripts.filter(({ direction }) => direction === wanted),
});
