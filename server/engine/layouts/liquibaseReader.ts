/** The scripts of a file of formatted SQL: one up for each changeset, and one down where there is a rollback. */
import { firstBehind } from '../base/sorted';
import { byPlace, type TextRange } from '../base/text';
import { placesOf, sentOf } from '../sql/places';
import { statementsOf } from '../sql/scan';
import { tokensOf } from '../sql/tokens';
import type { Replaced } from '../sql/statement';
import type { FileProblem, Fix, MigrationFile, Piece, Script } from './layout';
import type { LiquibaseCall } from './liquibaseCall';
import { attributeIn, type Changeset, flagIn, type FormattedSql, isFormatted, readChangesets } from './liquibaseFile';
import { composed, expansions, type Properties, type Segment } from './liquibaseLines';
import { commentsIn, type Splitting, statementsByLiquibase } from './liquibaseTokens';

/** What its history keeps: the tool tells changesets apart by author, id and file. */
export const partOf = ({ id, author }: Pick<Changeset, 'id' | 'author'>): string => `${author}:${id}`;

export const isRunOnChange = ({ line }: Pick<Changeset, 'line'>): boolean => flagIn('runOnChange', line, false);

export const isRunAlways = ({ line }: Pick<Changeset, 'line'>): boolean => flagIn('runAlways', line, false);

/**
 * Undefined where nothing is replaced.
 *
 * @param given properties that the changelogs around it set: they go before those of the file
 */
export const propertiesFor = (text: string, { properties }: FormattedSql, given: Properties): Properties | undefined =>
  isFormatted(text) ? new Map([...properties, ...given]) : undefined;

export function readLiquibase(fileName: string, text: string, call: LiquibaseCall): MigrationFile {
  const file = readChangesets(text);
  const properties = propertiesFor(text, file, call.properties);
  const runs = file.changesets.filter((it) => call.runs(fileName, it));
  if (runs.some(({ line }) => attributeIn('runWith', line) !== undefined))
    return {
      scripts: [],
      problems: file.problems,
      outside: 'It has a changeset with runWith: only Liquibase can run it.',
    };
  const read = runs.map((it) => scriptsOf(text, it, properties));
  return {
    scripts: [...read.flatMap(({ up }) => up), ...read.toReversed().flatMap(({ down }) => down)],
    problems: [...file.problems, ...twice(file.changesets), ...read.flatMap(({ problems }) => problems)],
  };
}

interface ReadChangeset {
  readonly up: readonly Script[];
  readonly down: readonly Script[];
  readonly problems: readonly FileProblem[];
}

function scriptsOf(text: string, changeset: Changeset, properties: Properties | undefined): ReadChangeset {
  const { line, head, sql, rollback } = changeset;
  const splitting = {
    split: flagIn('splitStatements', line, true),
    delimiter: attributeIn('endDelimiter', line) || undefined,
  };
  const up = cut(text, sql, properties, { ...splitting, strip: flagIn('stripComments', line, true) });
  const back = {
    split: flagIn('rollbackSplitStatements', line, true),
    delimiter: attributeIn('rollbackEndDelimiter', line),
  };
  const down = backwards(text, rollback, properties, back);
  const mode = flagIn('runInTransaction', line, true) ? 'transaction' : 'statements';
  const part = partOf(changeset);
  const script = (direction: Script['direction'], { range, pieces }: Cut): Script => ({
    direction,
    range,
    mode,
    pieces,
    part,
  });
  return {
    up: up ? [script('up', up)] : [],
    down: down ? [script('down', down)] : [],
    problems: [
      ...(up?.torn ?? []).map((range) => tornAt(range, head)),
      ...[...sql, ...rollback].flatMap((segment) => unset(text, segment, properties)),
      ...changeset.preconditions.map(({ range }) => asked(range)),
    ],
  };
}

/** `empty` and `not required` stand for nothing that is run; the words of another changeset only Liquibase follows. */
function backwards(
  text: string,
  rollback: readonly Segment[],
  properties: Properties | undefined,
  how: Splitting,
): Cut | undefined {
  const sql = rollback
    .map(({ start, end }) => text.slice(start, end))
    .join('\n')
    .trim();
  if (sql === '' || /changesetid/i.test(sql)) return undefined;
  const down = cut(text, rollback, properties, { ...how, strip: false });
  return down && /^(?:not required|empty)/i.test(sql) ? { ...down, pieces: [], torn: [] } : down;
}

interface Cut {
  readonly range: TextRange;
  readonly pieces: readonly Piece[];
  /** Where Liquibase cuts through a statement. */
  readonly torn: readonly TextRange[];
}

function cut(
  text: string,
  segments: readonly Segment[],
  properties: Properties | undefined,
  how: Splitting & { readonly strip: boolean },
): Cut | undefined {
  const whole = composed(text, segments, properties);
  if (!whole) return undefined;
  const { range } = whole;
  const replaced = how.strip ? withoutComments(text, range, whole.replaced) : whole.replaced;
  const sent = sentOf(text, range, replaced);
  const parts = statementsByLiquibase(sent, how);
  const isWithin = ({ start, end }: TextRange): boolean =>
    (parts[firstBehind(parts, (it) => it.end > start)]?.end ?? Infinity) < end;
  const torn = statementsOf(sent)
    .map((it) => it.range)
    .filter((it) => isWithin(it) && tokensOf(sent, it).some(({ range }) => isWithin(range)));
  const inFile = placesOf({ range, replaced });
  const ranges = joined([...parts, ...torn]).map(inFile);
  return {
    range,
    pieces: joined(ranges).map((it) => pieceOf(it, replaced)),
    torn: torn.map(inFile),
  };
}

/** Also those in bodies, so that what the database keeps of them is the same. */
function withoutComments(text: string, range: TextRange, replaced: readonly Replaced[]): readonly Replaced[] {
  const comments = commentsIn(sentOf(text, range, replaced)).map(placesOf({ range, replaced }));
  const left = replaced.filter(({ range: { start, end } }) => {
    const before = comments[firstBehind(comments, (it) => it.start > start) - 1];
    return before === undefined || before.end < end;
  });
  return [...left, ...comments.map((it) => ({ range: it, text: '' }))].toSorted(byPlace);
}

/** Those that overlap are one. */
function joined(ranges: readonly TextRange[]): TextRange[] {
  const found: TextRange[] = [];
  for (const range of ranges.toSorted((one, other) => one.start - other.start)) {
    const last = found.at(-1);
    if (last && range.start < last.end)
      found[found.length - 1] = { start: last.start, end: Math.max(last.end, range.end) };
    else found.push(range);
  }
  return found;
}

function pieceOf(range: TextRange, replaced: readonly Replaced[]): Piece {
  const first = firstBehind(replaced, (it) => it.range.start >= range.start);
  const own = replaced.slice(
    first,
    firstBehind(replaced, (it) => it.range.end > range.end),
  );
  return own.length > 0 ? { ...range, replaced: own } : range;
}

function tornAt({ start, end }: TextRange, head: TextRange): FileProblem {
  const fix: Fix = {
    title: 'Put "splitStatements:false" behind the changeset',
    edits: [{ range: { start: head.end, end: head.end }, text: ' splitStatements:false' }],
  };
  return {
    range: { start, end },
    severity: 'error',
    code: 'liquibase-torn-statement',
    direction: 'up',
    message:
      'Liquibase cuts this statement at a semicolon in it, and Postgres refuses the parts: it knows no dollar quotes. Give the changeset splitStatements:false or an endDelimiter.',
    fixes: [fix],
  };
}

const unset = (text: string, { start, end }: Segment, properties: Properties | undefined): FileProblem[] =>
  expansions(text.slice(start, end), properties).flatMap(({ name, range, value }) =>
    value !== undefined
      ? []
      : [
          {
            range: { start: start + range.start, end: start + range.end },
            severity: 'warning',
            code: 'liquibase-property',
            message: `The property ${name} has no value here, and Liquibase sends what it has no value for as it is written. Set it by --property, in a changelog or in liquibase.properties.`,
          },
        ],
  );

const asked = (range: TextRange): FileProblem => ({
  range,
  severity: 'warning',
  code: 'liquibase-precondition',
  message: 'Liquibase runs the changeset only where this holds. It is rehearsed as if it did.',
});

function twice(changesets: readonly Changeset[]): FileProblem[] {
  const known = new Set<string>();
  return changesets.flatMap((it): FileProblem[] => {
    const part = partOf(it);
    if (!known.has(part)) {
      known.add(part);
      return [];
    }
    return [
      {
        range: it.head,
        severity: 'error',
        code: 'liquibase-duplicate-changeset',
        message: `Liquibase refuses this file: the changeset ${part} stands twice.`,
      },
    ];
  });
}
