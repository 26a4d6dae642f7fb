/**
 * sqlx: `20240101120000_add_email.sql`, or `….up.sql` beside `….down.sql`, in a crate of Rust.
 *
 * Facts from launchbadge/sqlx 0.8.6 and 0.9, sqlx-core/src/migrate/source.rs, migration_type.rs; sqlx-cli/src/opt.rs,
 * migrate.rs.
 */
import { posix } from 'node:path';
import { crateWith, isForOthers } from './cargo';
import { directives } from './directives/sqlx';
import { otherDialect } from './foreign';
import type { FolderContents, FolderProblem, Layout, MigrationName } from './layout';
import { slugOf, timestamp } from './numbers';
import { loneDowns, namedIn } from './problems';
import { sqlxConfig, configurationFiles } from './sqlxConfig';

export const sqlx: Layout = {
  name: 'sqlx',
  label: 'sqlx',
  directives,
  twice: 'sqlx runs both, and refuses to record the version a second time.',
  onTwice: 'refusesVersion',
  onByteOrderMark: 'sqlx sends it to Postgres, which refuses the first statement.',
  configurationFiles,
  namedVariables: ({ read }) => [sqlxConfig(read).variable ?? []].flat(),

  recognise(folder) {
    const names = namedIn(sqlx, folder).map(({ fileName }) => fileName);
    if (names.length === 0 || nameless(folder).length > names.length) return undefined;
    const { path, folder: own } = sqlxConfig(folder.read);
    const isNamed = path !== undefined && folder.path.replaceAll('\\', '/').endsWith(posix.join('/', own));
    if (!isNamed && !/migrat/i.test(folder.path.split(/[\\/]/).at(-1) ?? '')) return undefined;
    const crate = crateWith(folder, 'sqlx');
    if ((crate && isForOthers(crate)) || otherDialect(folder, names) !== undefined) return undefined;
    if (path !== undefined) return `${path} lies above it`;
    return crate && `${crate.path} depends on sqlx`;
  },

  collect(folder) {
    const files = namedIn(sqlx, folder);
    const lone = loneDowns(files, 'sqlx never applies it.');
    return { files, problems: [...lone, ...nameless(folder).map(refused), ...overlooked(folder)] };
  },

  readName(fileName) {
    const [, digits, rest] = /^([+-]?\d+)_(.*\.sql)$/s.exec(fileName) ?? [];
    if (digits === undefined || rest === undefined) return undefined;
    const number = BigInt(digits);
    if (number < -half || number >= half) return undefined;
    const [, ending] = /(\.(?:up|down)\.sql)$/.exec(rest) ?? [];
    return {
      version: String(number),
      digits,
      order: String(number + half).padStart(20, '0'),
      title: titleOf(rest, ending ?? '.sql'),
      direction: ending === '.down.sql' ? 'down' : 'up',
    };
  },

  read(fileName, text) {
    const direction = sqlx.readName(fileName)?.direction === 'down' ? 'down' : 'up';
    // Without a transaction sqlx still sends the whole file in one message.
    const mode = text.startsWith('-- no-transaction') ? 'implicit' : 'transaction';
    return { scripts: [{ direction, range: { start: 0, end: text.length }, mode }], problems: [] };
  },

  skeleton(title, existing, now, folder) {
    const config = sqlxConfig(folder?.read ?? (() => undefined));
    const name = `${nextVersion(existing, now, config.sequential)}_${slugOf(title)}`;
    const up = (word: string): string => `-- Add ${word}migration script here\n`;
    const files =
      (config.reversible ?? isReversible(existing, folder))
        ? [
            { name: `${name}.up.sql`, text: up('up ') },
            { name: `${name}.down.sql`, text: up('down ') },
          ]
        : [{ name: `${name}.sql`, text: up('') }];
    return { files, cursor: files[0]?.text.length ?? 0 };
  },
};

/** Versions are numbers of 64 bits, with a sign. */
const half = 2n ** 63n;

/** As it is recorded; sqlx takes endings away as often as they stand there. */
function titleOf(rest: string, ending: string): string {
  let end = rest.length;
  while (rest.slice(0, end).endsWith(ending)) end -= ending.length;
  return rest.slice(0, end).replaceAll('_', ' ');
}

/** Of the form of a migration, but for the number. */
const nameless = ({ names }: FolderContents): readonly string[] =>
  names.filter((name) => /^[^_]*_.*\.sql$/s.test(name) && !sqlx.readName(name));

const refused = (fileName: string): FolderProblem => ({
  fileName,
  message:
    'sqlx refuses the whole folder for this file: a whole number of 64 bits has to stand before the first underscore.',
});

const overlooked = ({ names }: FolderContents): FolderProblem[] =>
  names
    .filter((name) => /^\d[^_]*\.sql$/.test(name))
    .map((fileName) => ({ fileName, message: 'sqlx passes over this file: its name has no underscore.' }));

/** As the newest one is. */
function isReversible(existing: readonly MigrationName[], folder: FolderContents | undefined): boolean {
  const newest = newestOf(existing);
  if (!newest) return false;
  const inFolder = folder?.names.filter((name) => sqlx.readName(name)?.version === newest.version) ?? [];
  return existing.some((it) => it.order === newest.order && it.direction === 'down') || inFolder.some(isOfPair);
}

const isOfPair = (name: string): boolean => /\.(?:up|down)\.sql$/.test(name);

const newestOf = (existing: readonly MigrationName[]): MigrationName | undefined =>
  existing.toSorted((one, other) => (one.order < other.order ? -1 : 1)).at(-1);

/** sqlx goes on counting where the last two differ by 1, and takes the time of the clock elsewhere. */
function nextVersion(existing: readonly MigrationName[], now: Date, sequential: boolean | undefined): string {
  const newest = newestOf(existing);
  const versions = [...new Set(existing.map(({ version }) => BigInt(version)))].toSorted((a, b) => (a < b ? -1 : 1));
  const [before, last = 0n] = versions.length < 2 ? [undefined, versions[0]] : versions.slice(-2);
  const counts = before === undefined ? versions.length === 1 && (last === 0n || last === 1n) : last - before === 1n;
  const next = String(last + 1n).padStart(newest?.digits.startsWith('0') ? newest.digits.length : 4, '0');
  const clock = timestamp(now);
  return (sequential ?? counts) || BigInt(clock) <= last ? next : clock;
}
