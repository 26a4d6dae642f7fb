/** What goose refuses in a file, or takes otherwise than it looks. */
import { insertion, type TextRange } from '../base/text';
import type { Line } from './gooseAnnotations';
import type { FileProblem, Fix, FolderProblem } from './layout';

type Ranged = Pick<Line, 'range'>;

type What = Pick<FileProblem, 'code' | 'range'>;

const error = (what: What, why: string): FileProblem => ({
  ...what,
  severity: 'error',
  message: `goose refuses this file: ${why}`,
});

const warning = (what: What, message: string): FileProblem => ({ ...what, severity: 'warning', message });

const fixed = (problem: FileProblem, title: string, ...edits: Fix['edits']): FileProblem => ({
  ...problem,
  fixes: [{ title, edits }],
});

const takenAway = (problem: FileProblem, { range }: Line): FileProblem =>
  fixed(problem, 'Take this line away', { range, text: '' });

/** Without white space around it. */
function wordsOf({ range, text, trimmed }: Line): TextRange {
  const start = range.start + text.indexOf(trimmed);
  return { start, end: start + trimmed.length };
}

export const gooseProblems = {
  missingUp: (first: Ranged | undefined) =>
    fixed(
      error(
        { code: 'goose-missing-up', range: first?.range ?? { start: 0, end: 0 } },
        'it has no line "-- +goose Up".',
      ),
      'Put "-- +goose Up" at the top of the file',
      insertion(0, '-- +goose Up\n'),
    ),
  beforeUp: (line: Line) =>
    error(
      { code: 'goose-before-up', range: wordsOf(line) },
      'only comments that begin with "--" may stand before "-- +goose Up".',
    ),
  secondUp: (line: Line) =>
    error({ code: 'goose-second-section', range: wordsOf(line) }, '"-- +goose Up" stands here once more.'),
  secondDown: (line: Line) =>
    error({ code: 'goose-second-section', range: wordsOf(line) }, '"-- +goose Down" stands here once more.'),
  indented: (line: Line) =>
    fixed(
      error(
        { code: 'goose-unknown-annotation', range: wordsOf(line) },
        'nothing may stand before an annotation on its line.',
      ),
      'Take the blanks before it away',
      { range: { start: line.range.start, end: wordsOf(line).start }, text: '' },
    ),
  several: (line: Line) =>
    error({ code: 'goose-unknown-annotation', range: wordsOf(line) }, 'only one annotation may stand on a line.'),
  empty: (line: Line) =>
    takenAway(
      error({ code: 'goose-unknown-annotation', range: wordsOf(line) }, `this annotation is empty. ${known}`),
      line,
    ),
  unknown: (line: Line) =>
    error(
      { code: 'goose-unknown-annotation', range: wordsOf(line) },
      `it takes this line for an annotation that it does not know. ${known}`,
    ),
  nestedBegin: (line: Line) =>
    fixed(
      error(
        { code: 'goose-statement-frame', range: wordsOf(line) },
        'the StatementBegin before has no "-- +goose StatementEnd" yet.',
      ),
      'Put "-- +goose StatementEnd" before it',
      insertion(line.range.start, '-- +goose StatementEnd\n'),
    ),
  strayEnd: (line: Line) =>
    takenAway(
      error(
        { code: 'goose-statement-frame', range: wordsOf(line) },
        'no "-- +goose StatementBegin" stands before this line.',
      ),
      line,
    ),
  /** @param last the line that the missing one belongs behind */
  missingEnd: (begin: Line, last: Line) =>
    fixed(
      error({ code: 'goose-statement-frame', range: wordsOf(begin) }, 'a line "-- +goose StatementEnd" is missing.'),
      'Put "-- +goose StatementEnd" at the end of this section',
      insertion(last.range.end, '\n-- +goose StatementEnd'),
    ),
  lostLine: (line: Line) =>
    warning(
      { code: 'goose-lost-line', range: wordsOf(line) },
      'goose leaves this line out without a word: nothing stands between StatementBegin and StatementEnd above.',
    ),
  /** @param rest the lines of the statement that are not empty, at least one */
  missingSemicolon(rest: readonly Pick<Line, 'range' | 'text'>[]) {
    const line = rest.findLast(({ text }) => !text.trim().startsWith('--'));
    const range = (line ?? rest.at(-1))?.range ?? { start: 0, end: 0 };
    const what = { code: 'goose-missing-semicolon', range };
    if (line) {
      const problem = error(what, 'no line of this statement ends with a semicolon.');
      const end = line.range.start + line.text.trimEnd().length;
      return line.text.includes('--') ? problem : fixed(problem, 'End it with a semicolon', insertion(end, ';'));
    }
    return error(what, 'behind a line of blanks it takes this comment for a statement without its semicolon.');
  },
  /** @param whole the lines of the statement */
  torn: (range: TextRange, whole: TextRange) =>
    fixed(
      {
        code: 'goose-torn-statement',
        range,
        severity: 'error',
        message:
          'goose ends a statement at this line, for it ends with a semicolon, and Postgres refuses the parts. Put "-- +goose StatementBegin" before the statement and "-- +goose StatementEnd" behind it.',
      },
      'Put StatementBegin and StatementEnd around the statement',
      insertion(whole.start, '-- +goose StatementBegin\n'),
      insertion(whole.end, '\n-- +goose StatementEnd'),
    ),
  substitution: ({ says, range }: { readonly says: string; readonly range: TextRange }) =>
    error({ code: 'goose-substitution', range }, `what stands here cannot be replaced: ${says}. "$$" is a dollar.`),
  unset: ({ name, range }: { readonly name: string; readonly range: TextRange }) =>
    warning({ code: 'goose-unset-variable', range }, `${name} is not set here: goose puts nothing in its place.`),
} as const;

const known = 'There are Up, Down, StatementBegin, StatementEnd, NO TRANSACTION, ENVSUB ON and ENVSUB OFF.';

/** A program that goose is built into passes over such a file, the command line does not (migrate.go, provider_collect.go). */
export const namelessFile = (fileName: string): FolderProblem => ({
  fileName,
  message: `The command line of goose refuses the whole folder for this file: ${whyNameless(fileName)}.`,
});

/** Its versions are numbers of 63 bits above 0, where it keeps the state before the first one. */
function whyNameless(name: string): string {
  const digits = /^(\d+)_/.exec(name)?.[1];
  if (digits === undefined) return 'its name does not begin with a number and an underscore';
  return BigInt(digits) === 0n ? 'its versions begin with 1, and this one is 0' : 'its number has more than 63 bits';
}
