/**
 * goose: `20240101120000_add_email.sql` with a `-- +goose Up` and a `-- +goose Down` section.
 *
 * Facts from pressly/goose v3.27.3: migration.go, migrate.go, create.go.
 */
import { directives } from './directives/goose';
import { otherDialect, someOf } from './foreign';
import { namelessFile } from './gooseProblems';
import { hasUp, type Line, linesOf, trimmed, trimmedAtEnd } from './gooseAnnotations';
import { type GooseMessage, readDirection, type SentLine } from './gooseReader';
import { mended } from './gooseTorn';
import type { Variables } from './interpolation';
import type { FileProblem, Layout, MigrationFile, Piece, Script } from './layout';
import { nextNumber, slugOf, timestamp } from './numbers';
import { namedIn } from './problems';

export const goose: Layout = {
  name: 'goose',
  label: 'goose',
  directives,
  sign: { of: 'text', isIn: hasUp, says: 'has a line "-- +goose Up"' },
  databaseVariables: ['GOOSE_DBSTRING'],
  onByteOrderMark: 'goose takes it for text before "-- +goose Up", and refuses the file.',
  twice: 'goose refuses the whole folder.',
  onTwice: 'refusesFolder',

  configured: ({ environment }) => ({ ...goose, read: (name, text) => readFile(name, text, environment) }),

  recognise(folder) {
    const names = folder.names.filter((name) => goose.readName(name) && name.endsWith('.sql'));
    const marked = someOf(names).find((name) => hasUp(folder.read(name) ?? ''));
    if (marked === undefined || otherDialect(folder, names) !== undefined) return undefined;
    return `${marked} has a line "-- +goose Up"`;
  },

  collect(folder) {
    const nameless = folder.names.filter((name) => name.endsWith('.sql') && !goose.readName(name));
    return { files: namedIn(goose, folder), problems: nameless.map(namelessFile) };
  },

  readName(fileName) {
    const [, digits, title] = /^(\d+)_(.*)\.(?:sql|go)$/.exec(fileName) ?? [];
    if (digits === undefined || title === undefined || fileName.endsWith('_test.go')) return undefined;
    const number = BigInt(digits);
    if (number < 1n || number >= 2n ** 63n) return undefined;
    return { version: String(number), digits, order: String(number).padStart(20, '0'), title, direction: 'both' };
  },

  read: (name, text) => readFile(name, text, {}),

  writesDown: (statements) => statements.map(asOne).join(''),

  skeleton(title, existing, now) {
    const up = '-- +goose Up\n';
    const number = nextNumber(existing, now, timestamp(now));
    return {
      files: [{ name: `${number}_${slugOf(title)}.sql`, text: `${up}\n\n-- +goose Down\n\n` }],
      cursor: up.length,
    };
  },
};

function readFile(name: string, text: string, variables: Variables): MigrationFile {
  if (name.endsWith('.go'))
    return {
      scripts: [],
      problems: [],
      outside: 'It is written in Go: only the program that it is built into can run it.',
    };
  const lines = linesOf(text);
  const [up, down] = [sectionOf(text, lines, 'up', variables), sectionOf(text, lines, 'down', variables)];
  return { scripts: [...up.scripts, ...down.scripts], problems: inOneList(up.problems, down.problems) };
}

/** What goose makes of the file on its way in one direction. */
function sectionOf(text: string, lines: readonly Line[], direction: Script['direction'], variables: Variables) {
  const reading = readDirection(lines, direction, variables);
  const { messages, problems } = mended(reading.messages);
  const { up, down } = reading.starts;
  const start = direction === 'up' ? up : down;
  const end = direction === 'up' ? (down ?? text.length) : text.length;
  const mode = reading.transaction ? 'transaction' : 'statements';
  const pieces = messages.flatMap((it) => piecesOf(text, it));
  const scripts: Script[] = start === undefined ? [] : [{ direction, range: { start, end }, mode, pieces }];
  return { scripts, problems: [...reading.problems, ...problems] };
}

/** goose leaves out lines that are annotations, ends the others with LF, and sends no white space around them. */
function piecesOf(text: string, message: GooseMessage): Piece[] {
  const isFull = (it: SentLine): boolean => trimmed(it.text) !== '';
  const lines = message.lines.slice(
    Math.max(0, message.lines.findIndex(isFull)),
    message.lines.findLastIndex(isFull) + 1,
  );
  const [first, last] = [lines[0], lines.at(-1)];
  if (!first || !last) return [];
  const replaced = lines.flatMap(({ range: { end }, replaced }, i) => {
    const next = lines[i + 1]?.range.start ?? end;
    const isSame = next === end || text.slice(end, next) === '\n';
    return isSame ? replaced : [...replaced, { range: { start: end, end: next }, text: '\n' }];
  });
  const start = first.range.start + (first.replaced.length > 0 ? 0 : first.text.indexOf(trimmed(first.text)));
  const end = last.range.end - (last.replaced.length > 0 ? 0 : last.text.length - trimmedAtEnd(last.text).length);
  const range = { start, end };
  return [replaced.length > 0 ? { ...range, replaced } : range];
}

/** goose reads the whole file for either direction; what it meets in both is one problem. */
function inOneList(ups: readonly FileProblem[], downs: readonly FileProblem[]): FileProblem[] {
  const keyOf = ({ code, range: { start, end } }: FileProblem): string => `${code} ${start} ${end}`;
  const [up, down] = [new Set(ups.map(keyOf)), new Set(downs.map(keyOf))];
  return [
    ...ups.map((it) => (down.has(keyOf(it)) ? it : { ...it, direction: 'up' as const })),
    ...downs.filter((it) => !up.has(keyOf(it))).map((it) => ({ ...it, direction: 'down' as const })),
  ];
}

/** It cuts at every semicolon at the end of a line. */
const asOne = (sql: string): string =>
  sql.includes(';') ? `-- +goose StatementBegin\n${sql};\n-- +goose StatementEnd\n` : `${sql};\n`;
