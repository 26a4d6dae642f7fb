/**
 * graphile-migrate: `committed/000001-add-email.sql` in a chain of hashes, and the current migration, which people
 * write in `current.sql` or in the files of `current/`.
 *
 * The tool runs the current one whenever it is saved, again and again on the same database; so it is pending until
 * `graphile-migrate commit` puts it among the committed ones. Facts from graphile/migrate 2.0.0-rc.3: src/migration.ts,
 * src/migrationFilename.ts, src/current.ts, src/commands/commit.ts.
 */
import { firstLine, insertion, shifted, type TextRange } from '../base/text';
import type { Replaced } from '../sql/statement';
import { directives } from './directives/graphileMigrate';
import { compiled } from './graphileMigrateCompile';
import {
  configOf,
  configurationFiles,
  configurationIn,
  type GraphileMigrateConfig,
  usualConfig,
} from './graphileMigrateConfig';
import { headOf, isWithoutTransaction, linkOf } from './graphileMigrateHeader';
import { graphileMigrateProblems as problem } from './graphileMigrateProblems';
import { someOf } from './foreign';
import type {
  Collected,
  FileProblem,
  FolderContents,
  FolderProblem,
  FoundFile,
  Layout,
  MigrationFile,
  MigrationName,
  Script,
  Skeleton,
} from './layout';

export const graphileMigrate: Layout = layoutWith(usualConfig);

function layoutWith(config: GraphileMigrateConfig): Layout {
  return {
    name: 'graphile-migrate',
    label: 'graphile-migrate',
    directives,
    twice: 'graphile-migrate refuses two files of one number in current/, and knows two committed ones by one name.',
    onTwice: 'refusesVersion',
    onlyUp: true,
    onByteOrderMark,
    configurationFiles,
    configured: (settings) => layoutWith(configOf(settings)),
    recognise,
    collect,
    readName,
    read: (fileName, text, beside) => readFile(fileName, text, config, beside ?? (() => undefined)),
    skeleton: (title, _existing, _now, folder) => skeletonIn(title, folder, config),
  };
}

/** White space around the files of `current/` is cut off, and for JavaScript the mark is some. */
function onByteOrderMark(fileName: string): string | undefined {
  if (fileName.startsWith('committed/'))
    return 'graphile-migrate finds no head behind it, and refuses the whole folder.';
  return fileName === 'current.sql'
    ? 'graphile-migrate sends it to Postgres, which refuses the first statement.'
    : undefined;
}

function recognise(folder: FolderContents): string | undefined {
  const committed = folder.names.includes('committed/') ? folder.list('committed/') : [];
  const marked = someOf(committed.filter((name) => nameOf(name))).find((name) =>
    /^--! Previous:/m.test(folder.read(`committed/${name}`)?.slice(0, 500) ?? ''),
  );
  if (marked !== undefined) return `committed/${marked} has a line "--! Previous:"`;
  const current = folder.names.find((name) => name === 'current.sql' || name === 'current/');
  if (current === undefined || configurationIn(folder.read) === undefined) return undefined;
  return `${current} lies in it, and a .gmrc beside it`;
}

/** The version is what is recorded, without its ending. */
function readName(fileName: string): MigrationName | undefined {
  if (fileName === 'current.sql')
    return { version: 'current', digits: '', order: 'current', title: '', direction: 'up' };
  const [, folder, name = ''] = /^(committed|current)\/([^/]+)$/.exec(fileName) ?? [];
  const parts = nameOf(name);
  if (!folder || !parts) return undefined;
  const { digits, title } = parts;
  const number = String(Number.parseInt(digits, 10)).padStart(20, '0');
  // Names of committed ones are compared as texts.
  return folder === 'committed'
    ? { version: digits, digits, order: `committed ${digits}.sql`, title, direction: 'up' }
    : { version: `current/${Number(digits)}`, digits, order: `current ${number}`, title, direction: 'up' };
}

function nameOf(name: string): { digits: string; title: string } | undefined {
  const [, digits, title = ''] = /^([0-9]+)(-[-_a-zA-Z0-9]*)?\.sql$/.exec(name) ?? [];
  return digits === undefined ? undefined : { digits, title: title.slice(1) };
}

function collect(folder: FolderContents): Collected {
  const scripts = (name: string): readonly string[] =>
    folder.names.includes(name) ? folder.list(name).filter((it) => it.endsWith('.sql') && !it.startsWith('.')) : [];
  const paths = [
    ...scripts('committed/').map((name) => `committed/${name}`),
    ...scripts('current/').map((name) => `current/${name}`),
    ...folder.names.filter((name) => name === 'current.sql'),
  ];
  const files = paths.flatMap((fileName) => {
    const name = readName(fileName);
    return name && !/^current\/0+(?:-|\.)/.test(fileName) ? [{ fileName, name }] : [];
  });
  const nameless = paths.filter((path) => !files.some(({ fileName }) => fileName === path));
  const both = folder.names.includes('current/') && folder.names.includes('current.sql');
  return {
    files,
    problems: [...nameless.map(namelessFile), ...(both ? [bothCurrents] : []), ...broken(folder, files)],
  };
}

const bothCurrents: FolderProblem = {
  fileName: 'current.sql',
  message: 'graphile-migrate refuses to go on: there are both current.sql and a folder current/.',
};

const namelessFile = (fileName: string): FolderProblem => ({
  fileName,
  message: fileName.startsWith('current/')
    ? 'graphile-migrate refuses the current migration for this file: its name has to be a number, and perhaps a title of letters, digits, "-" and "_" behind "-".'
    : 'graphile-migrate passes over this file: its name has to be a number, and perhaps a title of letters, digits, "-" and "_" behind "-".',
});

/** Where the chain of hashes does not hold. */
function broken(folder: FolderContents, files: readonly FoundFile[]): FolderProblem[] {
  let before: string | undefined;
  return files
    .filter(({ fileName }) => fileName.startsWith('committed/'))
    .toSorted((one, other) => (one.name.order < other.name.order ? -1 : 1))
    .flatMap(({ fileName }) => {
      const link = linkOf(folder.read(fileName) ?? '');
      if (!link) return [];
      const [wanted, expects] = [before ?? '-', link.previous ?? '-'];
      before = link.hash;
      const message = `graphile-migrate refuses the whole folder: this file says that ${expects} comes before it, and the one before it has ${wanted}.`;
      return wanted === expects ? [] : [{ fileName, message }];
    });
}

function readFile(
  fileName: string,
  text: string,
  config: GraphileMigrateConfig,
  read: FolderContents['read'],
): MigrationFile {
  const isCommitted = fileName.startsWith('committed/');
  const isPart = fileName.startsWith('current/');
  const { body } = headOf(text);
  // Of current.sql all is sent, its head too.
  const range = isCommitted || isPart ? body : { start: 0, end: text.length };
  const { replaced, problems } = compiled(text, range, config, isCommitted ? undefined : { read });
  const alone = isWithoutTransaction(text.slice(range.start, range.end)) && !isPart;
  const way = alone ? runAlone : runWrapped;
  const script = { direction: 'up', range, ...way(range, settingsFor(config), replaced) } as const;
  return {
    scripts: [script],
    problems: [
      ...(isCommitted ? problemsOfHead(text) : []),
      ...(alone ? [] : problemsOfMode(text, range, isPart)),
      ...problems,
    ],
  };
}

type Way = Pick<Script, 'mode' | 'pieces'>;

/** One message in a transaction. */
function runWrapped(range: TextRange, settings: string | undefined, replaced: readonly Replaced[]): Way {
  const all = settings === undefined ? replaced : [insertion(range.start, settings), ...replaced];
  return { mode: 'transaction', ...(all.length > 0 ? { pieces: [{ ...range, replaced: all }] } : {}) };
}

/** One message with nothing around it. */
function runAlone(range: TextRange, settings: string | undefined, replaced: readonly Replaced[]): Way {
  const own = replaced.length > 0 ? { ...range, replaced } : range;
  if (settings === undefined) return { mode: 'implicit', ...(replaced.length > 0 ? { pieces: [own] } : {}) };
  // Before the line that asks for it, and by itself: with another statement it would be a transaction.
  return { mode: 'statements', pieces: [{ start: 0, end: 0, replaced: [insertion(0, settings)] }, own] };
}

/** The tool gives each of its connections the settings of `pgSettings`. */
function settingsFor({ pgSettings }: GraphileMigrateConfig): string | undefined {
  const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;
  const calls = Object.entries(pgSettings).map(
    ([name, value]) => `pg_catalog.set_config(${quoted(name)}, ${quoted(value)}, false)`,
  );
  return calls.length === 0 ? undefined : `select ${calls.join(', ')};\n`;
}

function problemsOfHead(text: string): FileProblem[] {
  const { headers, twice, end, body } = headOf(text);
  const line = { start: end, end: end + (/^[^\r\n]*/.exec(text.slice(end))?.[0].length ?? 0) };
  if (/^--! [^\n]*\r\n/.test(text) || text.slice(0, body.start).includes('\r'))
    return [problem.carriageReturns(firstLine(text), text)];
  if (twice) return [problem.twice(twice.range, twice.name)];
  if (line.end > line.start && headers.size > 0) return [problem.noEmptyLine(line, end)];
  for (const name of ['Previous', 'Hash'] as const)
    if (!headers.get(name)?.value) return [problem.missingHeader(headers.get(name)?.range ?? firstLine(text), name)];
  const link = linkOf(text);
  const [hash, allowance] = [headers.get('Hash'), headers.get('AllowInvalidHash')];
  if (!link || !hash) return [];
  if (link.hash === link.computed) return allowance ? [problem.needlessAllowance(allowance.range)] : [];
  return allowance ? [] : [problem.wrongHash(hash.range, link.computed)];
}

/** The line stands where it does not count. */
function problemsOfMode(text: string, range: TextRange, isPart: boolean): FileProblem[] {
  const match = /^[ \t]*--!\s*no-transaction\b.*$/m.exec(text.slice(range.start, range.end));
  if (!match) return [];
  const place = shifted({ start: match.index, end: match.index + match[0].trimEnd().length }, range.start);
  if (isPart && match.index === 0) return [problem.noTransactionInFolder(place)];
  return [problem.lateNoTransaction(place, range.start === 0 ? 'of the file' : 'behind the head')];
}

/** The message goes along into the name when the tool commits. */
function skeletonIn(title: string, folder: FolderContents | undefined, { blank }: GraphileMigrateConfig): Skeleton {
  const head = title.trim() === '' ? '' : `--! Message: ${title.replaceAll(/\s+/g, ' ').trim()}\n\n`;
  if (folder?.names.includes('current/')) {
    const numbers = folder.list('current/').map((name) => Number(nameOf(name)?.digits ?? 0));
    const name = `current/${Math.max(0, ...numbers) + 1}${sluggified(title)}.sql`;
    return { files: [{ name, text: blank }], cursor: blank.length };
  }
  const present = folder?.names.includes('current.sql') ? folder.read('current.sql') : undefined;
  if (present === undefined) {
    const text = `${head}${blank}`;
    return { files: [{ name: 'current.sql', text }], cursor: text.length };
  }
  const isBlank = present.trim() === blank.trim() || present.trim() === '';
  const text = isBlank ? `${head}${blank}` : present;
  return { files: [], opens: 'current.sql', cursor: text.length, lists: [{ name: 'current.sql', text }] };
}

/** As sluggify.ts. */
function sluggified(title: string): string {
  const slug = title
    .toLowerCase()
    .replace(/[^a-z0-9_]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 60);
  return slug === '' ? '' : `-${slug}`;
}
