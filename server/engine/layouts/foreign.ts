/** Folders of tools and servers that this version does not know: their SQL would be misread, so they are left alone. */
import { crateWith } from './cargo';
import type { FolderContents } from './layout';
import { hasMarker } from './nodePgMigrateReader';

/**
 * Looks at a few of the files, at those beside them, and at the project around.
 *
 * @param names of the files that would be taken for migrations
 * @returns what gives the other tool away, for people; undefined when nothing does
 */
export function foreign(folder: FolderContents, names: readonly string[]): string | undefined {
  const some = someOf(names);
  const file = files.find(({ name }) => folder.names.includes(name));
  if (file) return `${file.name} belongs to ${file.tool}`;
  return someMatch(folder, some, tools) ?? otherDialect(folder, some) ?? foreignProject(folder);
}

/** SQL for another server. */
export const otherDialect = (folder: FolderContents, names: readonly string[]): string | undefined =>
  someMatch(folder, someOf(names), dialects);

/** Enough to know a folder by, so that one with thousands of files is not read to its end. */
export const someOf = (names: readonly string[]): readonly string[] =>
  names.length <= 6 ? names : [...names.slice(0, 3), ...names.slice(-3)];

interface Mark {
  readonly of: string;
  readonly pattern: Pick<RegExp, 'test'>;
}

function someMatch(folder: FolderContents, names: readonly string[], marks: readonly Mark[]): string | undefined {
  for (const name of names) {
    const text = folder.read(name) ?? '';
    const mark = marks.find(({ pattern }) => pattern.test(text));
    if (mark) return `${name} is written for ${mark.of}`;
  }
  return undefined;
}

/** What the files of a tool always hold; from the tools' documentation. */
const tools: readonly Mark[] = [
  { of: 'dbmate', pattern: /^--\s*migrate:up\b/m },
  { of: 'goose', pattern: /^--\s*\+goose\b/im },
  { of: 'sql-migrate', pattern: /^--\s*\+migrate\b/im },
  { of: 'graphile-migrate', pattern: /^--!\s*(?:Previous|Hash):/m },
  { of: 'node-pg-migrate', pattern: { test: hasMarker } },
  { of: 'tern', pattern: /^---- create above \/ drop below ----/m },
  { of: 'rambler', pattern: /^--\s*rambler\s+up/im },
  { of: 'drizzle', pattern: /^--> statement-breakpoint/m },
];

/** Words that no statement of Postgres holds outside comments. */
const dialects: readonly Mark[] = [
  { of: 'MySQL', pattern: /^(?![^\S\n\r]*--).*(?:\bAUTO_INCREMENT\b|\)\s*ENGINE\s*=)/im },
  { of: 'SQLite', pattern: /^(?![^\S\n\r]*--).*\bAUTOINCREMENT\b|^[^\S\n\r]*PRAGMA\s/im },
];

const files: readonly { readonly tool: string; readonly name: string }[] = [
  { tool: 'drizzle', name: 'meta/' },
  { tool: 'Prisma, and to no folder of it for Postgres', name: 'migration_lock.toml' },
];

/** Tools whose files have no mark of their own, known by the project around them. */
function foreignProject(folder: FolderContents): string | undefined {
  if (/[\\/]supabase[\\/]migrations$/.test(folder.path)) return 'the folder is that of the Supabase CLI';
  const crate = crateWith(folder, '(?:sqlx|refinery)');
  return crate && `${crate.path} has a migration tool of Rust`;
}
