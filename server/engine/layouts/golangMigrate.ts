/** golang-migrate: `000042_add_email.up.sql` beside `000042_add_email.down.sql`. */
import { foreign } from './foreign';
import { type GolangMigrateOptions, golangMigrateOptions } from './golangMigrateOptions';
import type { FolderProblem, FoundFile, Layout, MigrationFile, Script } from './layout';
import { nextNumber, slugOf, timestamp } from './numbers';
import { loneDowns, namedIn } from './problems';
import { piecesOf, tooLong } from './semicolons';

export const golangMigrate: Layout = {
  name: 'golang-migrate',
  label: 'golang-migrate',
  sign: {
    of: 'name',
    isIn: (name) => golangMigrate.readName(name) !== undefined,
    says: 'is named as golang-migrate names its files',
  },
  directives: {
    page: 'https://github.com/golang-migrate/migrate/blob/master/database/postgres/README.md',
    all: [],
    withoutTransaction: 'golang-migrate begins no transaction: a file with one statement runs outside of any.',
  },

  configured: ({ extra }) => configured(golangMigrateOptions(extra)),
  onByteOrderMark: 'golang-migrate sends it to Postgres, which refuses the first statement.',
  twice: 'golang-migrate refuses the whole folder.',
  onTwice: 'refusesFolder',

  recognise(folder) {
    const ups = folder.names.filter((name) => golangMigrate.readName(name)?.direction === 'up');
    const [first] = ups;
    if (first === undefined || foreign(folder, ups) !== undefined) return undefined;
    return `${first} is named as golang-migrate names its files`;
  },

  collect(folder) {
    const files = namedIn(golangMigrate, folder);
    const lone = loneDowns(files, 'golang-migrate takes it for an empty migration.');
    return {
      files,
      problems: [...lone, ...files.flatMap(tooLarge), ...folder.names.filter(isTooLong).map(overlooked)],
    };
  },

  // The tool takes any ending after the direction; here only SQL is of interest (source/parse.go).
  readName(fileName) {
    const [, digits, title, direction] = /^(\d+)_(.*)\.(down|up)\.sql$/.exec(fileName) ?? [];
    if (digits === undefined || title === undefined) return undefined;
    const number = BigInt(digits);
    if (number >= 2n ** 64n) return undefined;
    return {
      version: String(number),
      digits,
      order: String(number).padStart(20, '0'),
      title,
      direction: direction === 'up' ? 'up' : 'down',
    };
  },

  read: (fileName, text) => ({ scripts: [scriptOf(fileName, text)], problems: [] }),

  skeleton(title, existing, now) {
    const name = `${nextNumber(existing, now, timestamp(now))}_${slugOf(title)}`;
    return {
      files: [
        { name: `${name}.up.sql`, text: '' },
        { name: `${name}.down.sql`, text: '' },
      ],
      cursor: 0,
    };
  },
};

const configured = ({ pieceBytes, messageMs }: GolangMigrateOptions): Layout => ({
  ...golangMigrate,
  read(fileName, text) {
    const script = { ...scriptOf(fileName, text), ...(messageMs === undefined ? {} : { messageMs }) };
    return pieceBytes === undefined ? { scripts: [script], problems: [] } : inPieces(script, text, pieceBytes);
  },
});

function scriptOf(fileName: string, text: string): Script {
  const direction = golangMigrate.readName(fileName)?.direction === 'down' ? 'down' : 'up';
  return { direction, range: { start: 0, end: text.length }, mode: 'implicit' };
}

/** Nothing is wrapped around the pieces, so each is committed by itself. */
function inPieces(script: Script, text: string, mostBytes: number): MigrationFile {
  const pieces = piecesOf(text);
  return { scripts: [{ ...script, mode: 'statements', pieces }], problems: tooLong(text, pieces, mostBytes) };
}

/** A bigint is recorded. */
const tooLarge = ({ fileName, name: { version } }: FoundFile): FolderProblem[] =>
  BigInt(version) < 2n ** 63n
    ? []
    : [{ fileName, message: `Version ${version} is larger than the history table can hold (bigint).` }];

/** Numbers beyond 64 bits are passed over without a word. */
const isTooLong = (name: string): boolean =>
  /^\d{20,}_.*\.(?:up|down)\.sql$/.test(name) && !golangMigrate.readName(name);

const overlooked = (fileName: string): FolderProblem => ({
  fileName,
  message: 'golang-migrate passes over this file: its number has more than 64 bits.',
});
