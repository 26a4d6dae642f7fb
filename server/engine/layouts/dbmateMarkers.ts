/**
 * dbmate's reader of one file: which blocks it sees, and what it refuses.
 *
 * dbmate knows nothing of SQL: a marker within a dollar-quoted body or a block comment is a marker for it. Its patterns
 * are those of Go, where white space is the five characters below and a line begins after LF only (amacneil/dbmate,
 * pkg/dbmate/migration.go).
 */
import type { TextRange } from '../base/text';
import type { FileProblem, Fix } from './layout';

/** One `-- migrate:up` or `-- migrate:down` block; its range begins with the marker and ends with the next one. */
export interface Block {
  readonly direction: 'up' | 'down';
  readonly range: TextRange;
  /** False when the marker says `transaction:false`. */
  readonly transaction: boolean;
}

export interface BlockReading {
  /** In the order they stand. When there are errors: what can be made out all the same. */
  readonly blocks: readonly Block[];
  /** With an error among them dbmate runs nothing of the file. */
  readonly problems: readonly FileProblem[];
}

/** Never throws. */
export function readBlocks(text: string): BlockReading {
  const markers = markersOf(text);
  const firstUp = markers.findIndex(({ direction }) => direction === 'up');
  if (firstUp < 0) return { blocks: [], problems: [missingUp(text, markers[0])] };
  const used = markers.slice(firstUp);
  const before = statementBefore(text, used[0]?.range.start ?? 0);
  return {
    blocks: used.map((marker, index) => ({
      direction: marker.direction,
      range: { start: marker.range.start, end: used[index + 1]?.range.start ?? text.length },
      transaction: marker.options.get('transaction') !== 'false',
    })),
    problems: [
      ...(before ? [before] : []),
      ...problemsOfOrder(text, used),
      ...used.flatMap((it) => strangeOptions(text, it)),
    ],
  };
}

interface Marker {
  readonly direction: 'up' | 'down';
  /** From the dashes to the end of its line, without the line break and blanks before it. */
  readonly range: TextRange;
  readonly options: ReadonlyMap<string, string>;
}

const space = '[\\t\\n\\f\\r ]';
const marker = (direction: string): RegExp =>
  new RegExp(`(?<![^\\n])--${space}*migrate:(${direction})(?:${space}*(?![^\\n])|${space}+[^\\t\\n\\f\\r ]+)`, 'g');
const directive = new RegExp(`^--${space}*migrate:(?:up|down)`);
const spaces = new RegExp(`${space}+`);
const blankLine = new RegExp(`^${space}*$`);
const commentLine = new RegExp(`^${space}*--`);

/** True when dbmate would see an up block in it. */
export const hasUpMarker = (text: string): boolean => marker('up').test(text);

/** Up and down are looked for apart, as dbmate does: what one match has consumed does not hide the other kind. */
function markersOf(text: string): Marker[] {
  return [...text.matchAll(marker('up')), ...text.matchAll(marker('down'))]
    .toSorted((one, other) => one.index - other.index)
    .map(({ index: start, 1: direction }) => {
      const line = text.slice(start, endOfLine(text, start));
      return {
        direction: direction === 'up' ? 'up' : 'down',
        range: { start, end: start + line.trimEnd().length },
        options: optionsOf(line),
      };
    });
}

/** `key:value` pairs; what is not exactly one key and one value is ignored without a word. */
function optionsOf(line: string): Map<string, string> {
  const options = new Map<string, string>();
  for (const pair of pairsOf(line)) {
    const [key, value, ...more] = pair.split(':');
    if (key !== undefined && value !== undefined && more.length === 0) options.set(key, value);
  }
  return options;
}

function pairsOf(line: string): string[] {
  const rest = line.replace(directive, '').trim();
  return rest === '' ? [] : rest.split(spaces);
}

function missingUp(text: string, firstDown: Marker | undefined): FileProblem {
  return {
    range: firstDown?.range ?? firstLine(text),
    severity: 'error',
    code: 'dbmate-missing-up',
    message: firstDown
      ? 'dbmate refuses this file: no line "-- migrate:up" stands before "-- migrate:down".'
      : 'dbmate refuses this file: it has no line "-- migrate:up".',
    fixes: [firstDown ? upAbove : bothAround(text)],
  };
}

const upAbove: Fix = {
  title: 'Put "-- migrate:up" at the top of the file',
  edits: [{ range: { start: 0, end: 0 }, text: '-- migrate:up\n' }],
};

const bothAround = (text: string): Fix => ({
  title: 'Put "-- migrate:up" at the top of the file and "-- migrate:down" at its end',
  edits: [...upAbove.edits, { range: { start: text.length, end: text.length }, text: '\n-- migrate:down\n' }],
});

/** Only blank lines and `--` comments may stand before the first up block. */
function statementBefore(text: string, firstUp: number): FileProblem | undefined {
  let start = 0;
  while (start < firstUp) {
    const end = Math.min(endOfLine(text, start), firstUp);
    const line = text.slice(start, end);
    if (!blankLine.test(line) && !commentLine.test(line)) {
      const indent = line.length - line.trimStart().length;
      return {
        range: { start: start + indent, end: start + line.trimEnd().length },
        severity: 'error',
        code: 'dbmate-unexpected-statement',
        message: 'dbmate refuses this file: only comments that begin with "--" may stand before "-- migrate:up".',
      };
    }
    start = end + 1;
  }
  return undefined;
}

/** Each up block needs exactly one down block after it. */
function problemsOfOrder(text: string, markers: readonly Marker[]): FileProblem[] {
  return markers.flatMap((marker, index) => {
    const next = markers[index + 1]?.direction;
    if (marker.direction === 'up' && next === 'down' && index > 0) return [secondUp(marker)];
    if (marker.direction === 'up' && next !== 'down') return [missingDown(text, marker, markers[index + 1])];
    if (marker.direction === 'down' && markers[index - 1]?.direction === 'down') return [secondDown(text, marker)];
    return [];
  });
}

function missingDown(text: string, { range }: Marker, next: Marker | undefined): FileProblem {
  const end = next?.range.start ?? text.length;
  const feed = text.endsWith('\n', end) ? '\n' : '\n\n';
  return {
    range,
    severity: 'error',
    code: 'dbmate-missing-down',
    message:
      'dbmate refuses this file: after this block a line "-- migrate:down" is needed, even with nothing below it.',
    fixes: [
      {
        title: 'Put "-- migrate:down" behind this block',
        edits: [{ range: { start: end, end }, text: `${feed}-- migrate:down\n` }],
      },
    ],
  };
}

/** Read since dbmate 2.29, but never applied: the version is inserted after each block (tried with 2.36). */
const secondUp = ({ range }: Marker): FileProblem => ({
  range,
  severity: 'warning',
  code: 'dbmate-second-up',
  message:
    'dbmate cannot apply this block: it records the version after each "-- migrate:up", and Postgres refuses the second record.',
});

const secondDown = (text: string, { range }: Marker): FileProblem => ({
  range,
  severity: 'error',
  code: 'dbmate-second-down',
  message: 'dbmate refuses this file: each "-- migrate:down" needs a "-- migrate:up" of its own before it.',
  fixes: [
    {
      title: 'Take this line away',
      edits: [
        { range: { start: range.start, end: Math.min(endOfLine(text, range.start) + 1, text.length) }, text: '' },
      ],
    },
  ],
});

/** dbmate passes over what it does not know; `transaction: false`, with a blank, then does nothing. */
function strangeOptions(text: string, { range }: Marker): FileProblem[] {
  const line = text.slice(range.start, range.end);
  const strange = pairsOf(line).filter((pair) => pair !== 'transaction:false' && pair !== 'transaction:true');
  const [first] = strange;
  if (first === undefined) return [];
  const start = range.start + line.indexOf(first, line.search(/:(?:up|down)/));
  const known = pairsOf(line).filter((pair) => !strange.includes(pair));
  const fix: Fix = {
    title: `Take "${strange.join(' ')}" away`,
    edits: [{ range, text: [directive.exec(line)?.[0] ?? '', ...known].join(' ') }],
  };
  return [
    {
      range: { start, end: range.end },
      severity: 'warning',
      code: 'dbmate-unknown-option',
      message: `dbmate ignores "${strange.join(' ')}": the only option is "transaction:false", without blanks.`,
      fixes: [fix],
    },
  ];
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end < 0 ? text.length : end;
}

const firstLine = (text: string): TextRange => ({ start: 0, end: text.slice(0, endOfLine(text, 0)).trimEnd().length });
