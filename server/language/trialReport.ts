/** What a trial has found, as a page of Markdown to be read in the editor. */
import { changedLines } from '../engine/base/changedLines';
import type { ObjectChange, TriedStatement, TrialPass, TrialReport, TrialResult } from '../engine/project';
import { trialInWords } from '../engine/trials';
import { lossInWords, type RowLoss } from '../engine/verification';
import { code, row } from './markdown';

type Told = Extract<TrialResult, { readonly kind: 'tried' | 'refused' }>;

export function reportText(result: Told): string {
  const { report } = result;
  const { target, passes, changes, lost } = report;
  return [
    `# Trial run on a copy of ${target}`,
    ...(result.kind === 'refused' ? refusal(result) : [`**${trialInWords(report)}**`]),
    endText(report),
    ...copiedText(report),
    ...lossText('Rows that are gone after up', lost),
    ...roundTripText(report),
    ...passes.flatMap(passText),
    ...changesText('Schema', changes, 'Going up leaves the schema as it is.'),
  ].join('\n\n');
}

function refusal({ finding, version, pass, state }: Extract<Told, { kind: 'refused' }>): string[] {
  const { message, detail, hint, sqlState, path } = finding;
  const direction = { up: 'up', down: 'down', upAgain: 'up again, after down' }[pass];
  const lines = [
    `**${version} was refused** (${direction}): ${code(message)}${sqlState === undefined ? '' : ` (${sqlState})`}`,
    ...(detail === undefined ? [] : [`Detail: ${code(detail)}`]),
    ...(hint === undefined ? [] : [`Hint: ${code(hint)}`]),
    `In ${code(baseOf(path))}. On the copy: ${state}`,
  ];
  return [lines.map((it) => `> ${it}`).join('\n>\n')];
}

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

function passText({ pass, migrations, ms }: TrialPass): string[] {
  return [
    `## ${titles[pass]} (${time(ms)})`,
    ...migrations.flatMap(({ version, title, ms: spent, statements, byTool }) => [
      `### ${code(`${version} ${title}`.trimEnd())} (${time(spent)})`,
      ...(byTool
        ? ['Its tool has run it: locks are those that the statements name, and what was written anew is not told.']
        : []),
      statements.length === 0 ? 'No statement ran.' : tableOf(statements),
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
function tableOf(statements: readonly TriedStatement[]): string {
  const shown = columns.filter(([, cellOf]) => statements.some((it) => cellOf(it) !== ''));
  const rows = statements.map((it) => row(shown.map(([, cellOf]) => cellOf(it))));
  return [row(shown.map(([title]) => title)), row(shown.map(() => '---')), ...rows].join('\n');
}

const shortened = (line: string): string => (line.length > longestSql ? `${line.slice(0, longestSql - 1)}…` : line);

function changesText(title: string, changes: readonly ObjectChange[], none: string): string[] {
  if (changes.length === 0) return [`## ${title}`, none];
  return [`## ${title}`, ...changes.map(changeText)];
}

function changeText({ kind, type, name, before = '', after = '' }: ObjectChange): string {
  return `${code(`${type} ${name}`)} is ${kind}:\n\n${fenced(changedLines(before, after).join('\n'))}`;
}

/** SQL may hold such a fence itself. */
function fenced(text: string): string {
  const longest = Math.max(2, ...(text.match(/`+/g) ?? []).map((it) => it.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}diff\n${text}\n${fence}`;
}

const lossText = (title: string, losses: readonly RowLoss[]): string[] =>
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

const baseOf = (path: string): string => path.replace(/^.*[\\/]/, '');
