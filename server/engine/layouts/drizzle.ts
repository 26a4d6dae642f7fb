/**
 * drizzle: `0003_add_email.sql` as `meta/_journal.json` lists it; since 1.0 `20240101120000_add_email/migration.sql`.
 *
 * Facts from drizzle-team/drizzle-orm v0.45 and v1.0.0-rc.5: drizzle-orm/src/migrator.ts,
 * drizzle-orm/src/pg-core/dialect.ts, drizzle-orm/src/pg-core/async/session.ts.
 */
import { directives } from './directives/drizzle';
import { configFor, configurationFiles } from './drizzleConfig';
import { collectJournal, dialectIn, journalFile, journalName } from './drizzleJournal';
import { breakpoint, breakpointProblems } from './drizzleProblems';
import { journalSkeleton, folderSkeleton } from './drizzleSkeleton';
import { someOf } from './foreign';
import type { Collected, FolderContents, FolderProblem, FoundFile, Layout, MigrationFile, Piece } from './layout';
import { endsOfShared } from './sharedTransaction';

export const drizzle: Layout = {
  name: 'drizzle',
  label: 'drizzle',
  directives,
  configurationFiles,
  oneTransaction: true,
  onByteOrderMark: 'drizzle sends it to Postgres, which refuses the first statement.',
  twice: 'drizzle passes over the second where the first is applied.',
  onlyUp: true,

  recognise(folder) {
    const journal = folder.names.includes('meta/') ? folder.read(journalFile) : undefined;
    if (journal !== undefined)
      return isPostgres(dialectIn(journal)) ? `${journalFile} lists its migrations, for PostgreSQL` : undefined;
    const folders = foldersIn(folder);
    if (folders.length === 0) return undefined;
    const snapshot = someOf(folders.map((name) => `${name}/snapshot.json`)).find((name) =>
      isPostgres(dialectIn(folder.read(name) ?? '')),
    );
    if (snapshot !== undefined) return `${snapshot} is a snapshot of drizzle-kit, for PostgreSQL`;
    return isPostgres(configFor(folder)?.dialect) ? 'a drizzle.config beside it names it' : undefined;
  },

  collect(folder) {
    const journal = folder.read(journalFile);
    return journal === undefined ? collectFolders(folder) : withoutFolders(folder, collectJournal(folder, journal));
  },

  readName(fileName) {
    const [, folder] = /^([^/]+)\/migration\.sql$/.exec(fileName) ?? [];
    if (folder !== undefined) return folderName(folder, folder);
    const [, tag] = /^([^/]+)\.sql$/.exec(fileName) ?? [];
    return tag === undefined ? undefined : journalName({ tag, when: 0 }, 0);
  },

  read: (_, text) => readFile(text),

  skeleton(title, existing, now, folder) {
    const isOfFolders = folder && folder.read(journalFile) === undefined && foldersIn(folder).length > 0;
    return isOfFolders ? folderSkeleton(title, existing, now, folder) : journalSkeleton(title, now, folder);
  },
};

const isPostgres = (dialect: string | undefined): boolean => /^(?:pg|postgres|postgresql)$/.test(dialect ?? '');

/** Those with a migration, in drizzle's order. */
const foldersIn = ({ names, list }: Pick<FolderContents, 'names' | 'list'>): readonly string[] =>
  names
    .filter((name) => /^\d.*\/$/.test(name))
    .map((name) => name.slice(0, -1))
    .filter((name) => list(name).includes('migration.sql'))
    .toSorted((one, other) => one.localeCompare(other));

const folderName = (folder: string, order: string): FoundFile['name'] => ({
  version: folder,
  digits: /^\d+/.exec(folder)?.[0] ?? '',
  order,
  title: '',
  direction: 'up',
});

function collectFolders(folder: FolderContents): Collected {
  const folders = foldersIn(folder);
  return {
    files: folders.map((name, at) => ({
      fileName: `${name}/migration.sql`,
      name: folderName(name, String(at).padStart(10, '0')),
    })),
    problems: folders.filter((name) => !/^\d{14}/.test(name)).map(untimed),
  };
}

const untimed = (name: string): FolderProblem => ({
  fileName: `${name}/migration.sql`,
  message: 'drizzle cannot record this migration: the name of its folder does not begin with a time of 14 digits.',
});

/** The two ways of 0.x and 1.0 do not go together. */
function withoutFolders(folder: FolderContents, { files, problems }: Collected): Collected {
  const others = foldersIn(folder).map((name) => ({
    fileName: `${name}/migration.sql`,
    message: `drizzle runs either the files that ${journalFile} lists (before 1.0), or such folders. Run drizzle-kit up of 1.0 to go over to folders.`,
  }));
  return { files, problems: [...problems, ...others] };
}

/** Cut wherever the mark stands, be it in a string. */
function readFile(text: string): MigrationFile {
  const pieces: Piece[] = [];
  for (let start = 0; start <= text.length; ) {
    const at = text.indexOf(breakpoint, start);
    const end = at < 0 ? text.length : at;
    pieces.push({ start, end });
    start = end + breakpoint.length;
  }
  const script = { direction: 'up', range: { start: 0, end: text.length }, mode: 'transaction', pieces } as const;
  return { scripts: [script], problems: [...breakpointProblems(text), ...endsOfShared('drizzle', text, script)] };
}
