/** What a trial has found, as a page of Markdown to be read in the editor. */
import { basename, relative, sep } from 'node:path';
import { changedLines } from '../engine/base/changedLines';
import { lineIndex } from '../engine/base/text';
import type { ObjectChange, TriedStatement, TrialPass, TrialReport, TrialResult } from '../engine/project';
import { type RefusingRows, rowsInWords, trialInWords } from '../engine/trials';
import { lossInWords, type DataLoss } from '../engine/verification';
import { code, row } from './markdown';

type Told = Extract<TrialResult, { readonly kind: 'tried' | 'refused' }>;
type Refused = Extract<Told, { readonly kind: 'refused' }>;

/** @param root the first folder of the window, which links begin at */
export function reportText(result: Told, root: string | undefined): string {
  const { report } = result;
  const stopped = result.kind === 'refused' ? placeOf(result, root) : undefined;
  const { target, passes, changes, lost } = report;
  return [
    `# Trial run on a copy of ${target}`,
    ...(stopped ? refusal(stopped) : [`**${trialInWords(report)}**`]),
    endText(report),
    ...copiedText(report),
    ...lossText('Rows that are gone after up', lost),
    ...roundTripText(report),
    ...passes.flatMap((pass) => passText(pass, stopped)),
    ...changesText('Schema', changes, 'Going up leaves the schema as it is.'),
  ].join('\n\n');
}

interface Stopped extends Pick<Refused, 'finding' | 'version' | 'pass' | 'state' | 'rows'> {
  /** The line that Postgres points at. */
  readonly source: string;
  /** Its place, as Markdown. */
  readonly link: string;
}

function placeOf({ finding, version, pass, state, text, rows = [] }: Refused, root: string | undefined): Stopped {
  const { path, range } = finding;
  const { line } = lineIndex(text)(range.start);
  const source = (text.split(/\r\n|\r|\n/)[line] ?? '').trim();
  return { finding, version, pass, state, rows, source, link: linkTo(path, line + 1, root) };
}

/** VS Code's preview opens no `file:` links, but paths that begin with `/` from the first folder on, also upwards. */
function linkTo(path: string, line: number, root: string | undefined): string {
  const words = code(`${basename(path)}:${line}`);
  if (root === undefined) return words;
  const way = relative(root, path).split(sep).map(encodeURIComponent).join('/');
  return `[${words}](</${way}#L${line}>)`;
}

function refusal({ finding, version, pass, state, link, rows = [] }: Stopped): string[] {
  const { message, detail, hint, sqlState } = finding;
  const direction = { up: 'up', down: 'down', upAgain: 'up again, after down' }[pass];
  const lines = [
    `**${version} was refused** (${direction}): ${code(message)}${sqlState === undefined ? '' : ` (${sqlState})`}`,
    ...(detail === undefined ? [] : [`Detail: ${code(detail)}`]),
    ...(hint === undefined ? [] : [`Hint: ${code(hint)}`]),
    `In ${link}. On the copy: ${state}`,
  ];
  return [lines.map((it) => `> ${it}`).join('\n>\n'), ...rows.map(rowsText)];
}

const rowsText = (rows: RefusingRows): string =>
  [rowsInWords(rows), ...(rows.query === undefined ? [] : [fenced('sql', rows.query)])].join('\n\n');

function endText({ end, target }: TrialReport): string {
  switch (end.kind) {
    case 'dropped':
      return `The copy has been dropped; ${target} is as it was.`;
    case 'kept':
      return `The copy is there as the database ${code(end.name)}; ${target} is as it was.`;
    case 'swapped':
      return `The copy is ${target} now; what it was before is the snapshot ${code(end.kept.id)}.`;
  }
}

const listOf = (items: readonly string[]): string => items.map((it) => `- ${code(it)}`).join('\n');

function copiedText({ copied, server }: TrialReport): string[] {
  const { how, snapshot, bytes, ms, lacks, ended } = copied;
  const way = {
    copy: 'Copied on the server',
    file: 'Copied',
    dump: 'Read while others went on, and loaded',
    snapshot: `Copied from the snapshot ${code(snapshot ?? '')}`,
  }[how];
  return [
    `${way}: ${megabytes(bytes)} in ${time(ms)} (${server}).`,
    ...(ended.length === 0 ? [] : [`These sessions were ended for it:\n\n${listOf(ended)}`]),
    ...(lacks.length === 0 ? [] : [`It lacks what the server did not take:\n\n${listOf(lacks)}`]),
  ];
}

const titles: Readonly<Record<TrialPass['pass'], string>> = { up: 'Up', down: 'Down', upAgain: 'Up again' };

function passText({ pass, migrations, ms }: TrialPass, stopped: Stopped | undefined): string[] {
  return [
    `## ${titles[pass]} (${time(ms)})`,
    ...migrations.flatMap(({ version, title, path, ms: spent, statements, byTool }) => [
      `### ${code(`${version} ${title}`.trimEnd())} (${time(spent)})`,
      ...(byTool
        ? ['Its tool has run it: locks are those that the statements name, and what was written anew is not told.']
        : []),
      tableOf(statements, stopped?.pass === pass && stopped.finding.path === path ? stopped : undefined),
    ]),
  ];
}

/** Most of what a cell tells of a statement. */
const longestSql = 80;

const columns: readonly (readonly [string, (statement: TriedStatement) => string])[] = [
  ['Statement', ({ sql }) => code(shortened(sql.replaceAll(/\s+/g, ' ')))],
  ['Time', ({ ms }) => time(ms)],
  ['Rows', ({ rows }) => (rows === null ? '' : rows.toLocaleString('en-US'))],
  ['Locks', ({ locks }) => locks.map(({ mode, object }) => `${code(object)} ${mode}`).join(', ')],
  ['Written anew', ({ rewrites }) => rewrites.map(code).join(', ')],
];

/** Only columns that tell something. */
function tableOf(statements: readonly TriedStatement[], stopped: Stopped | undefined): string {
  if (statements.length === 0 && !stopped) return 'No statement ran.';
  const shown = columns.filter(([, cellOf], i) => i === 0 || statements.some((it) => cellOf(it) !== ''));
  const rows = statements.map((it) => row(shown.map(([, cellOf]) => cellOf(it))));
  const last = stopped ? [row(shown.map((_, i) => (i === 0 ? stoppedCell(stopped) : '')))] : [];
  return [row(shown.map(([title]) => title)), row(shown.map(() => '---')), ...rows, ...last].join('\n');
}

const stoppedCell = ({ source, link, finding: { message } }: Stopped): string =>
  `${code(shortened(source))} **refused** in ${link}: ${code(message)}`;

const shortened = (line: string): string => (line.length > longestSql ? `${line.slice(0, longestSql - 1)}…` : line);

function changesText(title: string, changes: readonly ObjectChange[], none: string): string[] {
  if (changes.length === 0) return [`## ${title}`, none];
  return [`## ${title}`, ...changes.map(changeText)];
}

function changeText({ kind, type, name, before = '', after = '' }: ObjectChange): string {
  return `${code(`${type} ${name}`)} is ${kind}:\n\n${fenced('diff', changedLines(before, after).join('\n'))}`;
}

/** SQL may hold such a fence itself. */
function fenced(language: 'diff' | 'sql', text: string): string {
  const longest = Math.max(2, ...(text.match(/`+/g) ?? []).map((it) => it.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language}\n${text}\n${fence}`;
}

const lossText = (title: string, losses: readonly DataLoss[]): string[] =>
  losses.length === 0 ? [] : [`## ${title}`, listOf(losses.map(lossInWords))];

function roundTripText({ roundTrip }: TrialReport): string[] {
  if (roundTrip.kind !== 'tried') return [];
  const { verdict, again } = roundTrip;
  return [
    ...changesText(
      'After down',
      verdict.kind === 'different' ? verdict.differences : [],
      'The schema is exactly as before.',
    ),
    ...lossText('Rows that are not as before', verdict.kind === 'exact' ? [] : verdict.losses),
    ...(again.length === 0 ? [] : changesText('Another schema after up again', again, '')),
  ];
}

/** With a space that no line ends at. */
const time = (ms: number): string =>
  ms < 1_000 ? `${ms < 10 ? ms.toFixed(1) : Math.round(ms)}\u00a0ms` : `${(ms / 1_000).toFixed(1)}\u00a0s`;

const megabytes = (bytes: number): string => `${(bytes / 1_000_000).toFixed(1)} MB`;
