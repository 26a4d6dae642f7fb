/** What goose refuses in a file, or takes otherwise than it looks. */
import type { TextRange } from '../base/text';
import type { Line } from './gooseAnnotations';
import type { SentLine } from './gooseReader';
import type { FileProblem } from './layout';

export type GooseProblem = FileProblem;

type Ranged = Pick<Line, 'range'>;

const error = (code: string, range: TextRange, why: string): GooseProblem => ({
  range,
  severity: 'error',
  code,
  message: `goose refuses this file: ${why}`,
});

const warning = (code: string, range: TextRange, message: string): GooseProblem => ({
  range,
  severity: 'warning',
  code,
  message,
});

/** Without white space around it. */
function wordsOf({ range, text, trimmed }: Line): TextRange {
  const start = range.start + text.indexOf(trimmed);
  return { start, end: start + trimmed.length };
}

export const gooseProblems = {
  missingUp: (first: Ranged | undefined) =>
    error('goose-missing-up', first?.range ?? { start: 0, end: 0 }, 'it has no line "-- +goose Up".'),
  beforeUp: (line: Line) =>
    error('goose-before-up', wordsOf(line), 'only comments that begin with "--" may stand before "-- +goose Up".'),
  secondUp: (line: Line) => error('goose-second-section', wordsOf(line), '"-- +goose Up" stands here once more.'),
  secondDown: (line: Line) => error('goose-second-section', wordsOf(line), '"-- +goose Down" stands here once more.'),
  indented: (line: Line) =>
    error('goose-unknown-annotation', wordsOf(line), 'nothing may stand before an annotation on its line.'),
  several: (line: Line) => error('goose-unknown-annotation', wordsOf(line), 'only one annotation may stand on a line.'),
  empty: (line: Line) => error('goose-unknown-annotation', wordsOf(line), `this annotation is empty. ${known}`),
  unknown: (line: Line) =>
    error(
      'goose-unknown-annotation',
      wordsOf(line),
      `it takes this line for an annotation that it does not know. ${known}`,
    ),
  nestedBegin: (line: Line) =>
    error('goose-statement-frame', wordsOf(line), 'the StatementBegin before has no "-- +goose StatementEnd" yet.'),
  strayEnd: (line: Line) =>
    error('goose-statement-frame', wordsOf(line), 'no "-- +goose StatementBegin" stands before this line.'),
  missingEnd: (begin: Line) =>
    error('goose-statement-frame', wordsOf(begin), 'a line "-- +goose StatementEnd" is missing.'),
  lostLine: (line: Line) =>
    warning(
      'goose-lost-line',
      wordsOf(line),
      'goose leaves this line out without a word: nothing stands between StatementBegin and StatementEnd above.',
    ),
  missingSemicolon(rest: readonly SentLine[]) {
    const [first, last] = [rest[0], rest.at(-1)];
    const range = { start: first?.range.start ?? 0, end: last?.range.end ?? 0 };
    if (rest.every(({ text }) => text.trim().startsWith('--')))
      return error(
        'goose-missing-semicolon',
        range,
        'it takes this comment for a statement without its semicolon, for the line before is not empty: it holds blanks.',
      );
    return error('goose-missing-semicolon', range, 'no line of this statement ends with a semicolon.');
  },
  torn: (range: TextRange) => ({
    ...error(
      'goose-torn-statement',
      range,
      'it ends a statement at this line, for it ends with a semicolon, and tears it apart. Put "-- +goose StatementBegin" before the statement and "-- +goose StatementEnd" behind it.',
    ),
  }),
  substitution: ({ says, range }: { readonly says: string; readonly range: TextRange }) =>
    error('goose-substitution', range, `what stands here cannot be replaced: ${says}. "$$" is a dollar.`),
  unset: ({ name, range }: { readonly name: string; readonly range: TextRange }) =>
    warning('goose-unset-variable', range, `${name} is not set here: goose puts nothing in its place.`),
} as const;

const known = 'There are Up, Down, StatementBegin, StatementEnd, NO TRANSACTION, ENVSUB ON and ENVSUB OFF.';
