/**
 * Liquibase's formatted SQL: `--liquibase formatted sql` with a `--changeset author:id` before each change.
 *
 * A file is the migration, and each of its changesets a script that is recorded by itself: within a file they run in
 * their order, and all that is told of a rehearsal is told of files.
 */
import { directives } from './directives/liquibase';
import { otherDialect, someOf } from './foreign';
import type { Collected, FolderContents, FoundFile, Layout, MigrationName, Skeleton } from './layout';
import { changelogFrom, isChangelog, rootIn } from './liquibaseChangelog';
import { configurationFiles, liquibaseConfig } from './liquibaseConfig';
import { changelogNames, type LiquibaseCall, liquibaseCall, plainCall } from './liquibaseCall';
import { isFormatted, logicalFilePathIn } from './liquibaseFile';
import { readLiquibase } from './liquibaseReader';
import { withRollback } from './liquibaseRollback';
import { nextNumber, slugOf, timestamp } from './numbers';

export const liquibase: Layout = layoutWith(plainCall);

function layoutWith(call: LiquibaseCall): Layout {
  return {
    name: 'liquibase',
    label: 'Liquibase',
    directives,
    configurationFiles: [...configurationFiles, ...changelogNames],
    twice: 'Liquibase refuses the whole changelog.',
    onTwice: 'refusesFolder',

    configured: (settings) => layoutWith(liquibaseCall(settings)),

    recognise(folder) {
      const root = rootIn(folder);
      const files = root === undefined ? directIn(folder) : changelogFrom(folder, root).files;
      const formatted = someOf(files.filter((it) => /\.sql$/i.test(it))).find((it) =>
        isFormatted(folder.read(it) ?? ''),
      );
      if (formatted === undefined || otherDialect(folder, [formatted]) !== undefined) return undefined;
      return `${formatted} begins with "--liquibase formatted sql"${root === undefined ? '' : `, and ${root} includes it`}`;
    },

    collect,

    readName: (fileName) => (/\.sql$/i.test(fileName) || isChangelog(fileName) ? nameOf(fileName, '', '') : undefined),

    read: (fileName, text) =>
      isChangelog(fileName)
        ? {
            scripts: [],
            problems: [],
            outside: 'It has changesets in another format than SQL: only Liquibase can run it.',
          }
        : readLiquibase(fileName, text, call),

    withDown: withRollback,

    skeleton,
  };
}

const directIn = ({ names }: FolderContents): readonly string[] => names.filter((name) => /\.sql$/i.test(name));

function collect(folder: FolderContents): Collected {
  const root = rootIn(folder);
  const base = pathFor(folder);
  const changelog = root === undefined ? undefined : changelogFrom(folder, root);
  const listed = changelog?.files ?? directIn(folder).filter((name) => isFormatted(folder.read(name) ?? ''));
  const files = listed.map(
    (fileName, at): FoundFile => ({
      fileName,
      name: nameOf(fileName, String(at).padStart(8, '0'), logicalPath(folder, fileName) ?? `${base}${fileName}`),
    }),
  );
  const [first] = files;
  const left = root === undefined ? [] : directIn(folder).filter((name) => !listed.includes(name));
  const unordered = root !== undefined || !first || files.length < 2 ? [] : [first];
  return {
    files,
    problems: [
      ...left.map((fileName) => ({
        fileName,
        message: `${root} does not include it: Liquibase passes over this file.`,
      })),
      ...(changelog?.beyond ?? []).map((path) => ({
        fileName: root ?? path,
        message: `${path}, which it includes, lies too far above the folder: it is not read here.`,
      })),
      ...unordered.map(({ fileName }) => ({
        fileName,
        message: 'No changelog beside it names the files, so they are taken by their names, as includeAll takes them.',
      })),
    ],
  };
}

const logicalPath = ({ read }: FolderContents, fileName: string): string | undefined =>
  isChangelog(fileName) ? undefined : logicalFilePathIn(read(fileName) ?? '');

const nameOf = (fileName: string, order: string, recordedAs: string): MigrationName => ({
  version: fileName,
  digits: /^\d+/.exec(fileName.replace(/.*\//, ''))?.[0] ?? '',
  order,
  title: '',
  direction: 'both',
  recordedAs,
});

/** What Liquibase writes before the names: a path in the resources, or one beside `liquibase.properties`. */
function pathFor({ path, read }: FolderContents): string {
  const parts = path.replaceAll('\\', '/').split('/').filter(Boolean);
  const resources = parts.lastIndexOf('resources');
  const { levels } = liquibaseConfig(read);
  const from = resources >= 0 ? resources + 1 : levels === undefined ? parts.length : parts.length - levels;
  return parts
    .slice(from)
    .map((it) => `${it}/`)
    .join('');
}

function skeleton(title: string, existing: readonly MigrationName[], now: Date, folder?: FolderContents): Skeleton {
  const numbered = existing.filter(({ digits }) => digits !== '');
  const name = `${nextNumber(numbered, now, timestamp(now))}_${slugOf(title)}.sql`;
  const head = `--liquibase formatted sql\n\n--changeset ${slugOf(title)}:1\n`;
  const root = folder && rootIn(folder);
  const text = root === undefined ? undefined : folder?.read(root);
  const list = root === undefined || text === undefined ? undefined : withInclude(root, text, name);
  return {
    files: [{ name, text: `${head}\n--rollback \n` }],
    cursor: head.length,
    ...(root !== undefined && list !== undefined ? { lists: [{ name: root, text: list }] } : {}),
  };
}

/** Where files are named one by one; undefined where the new one is found by itself, or nobody knows where to name it. */
function withInclude(root: string, text: string, file: string): string | undefined {
  if (/\bincludeAll\b/.test(text)) return undefined;
  if (/\.xml$/i.test(root))
    return text.replace(
      /[ \t]*<\/databaseChangeLog>/,
      `  <include file="${file}" relativeToChangelogFile="true"/>\n</databaseChangeLog>`,
    );
  if (!/\.ya?ml$/i.test(root)) return undefined;
  const indent = /^([ \t]*)- include:/m.exec(text)?.[1] ?? '  ';
  const entry = `${indent}- include:\n${indent}    file: ${file}\n${indent}    relativeToChangelogFile: true\n`;
  return `${text}${text.endsWith('\n') ? '' : '\n'}${entry}`;
}
