/** What came out, for people: a table by project and class, and every disagreement with the id that makes it again. */
import { lineIndex } from '../../../server/engine/base/text';
import type { Finding } from '../../../server/engine/project';
import { timesOf } from '../measure';
import type { Result } from './project';

export interface Row {
  readonly project: string;
  readonly class: string;
  readonly mutants: number;
  readonly refused: number;
  readonly detected: number;
  readonly onStatement: number;
  /** Of those where words are to blame: how many are marked exactly. */
  readonly exact: number;
  readonly exactOf: number;
  readonly falseAlarms: number;
  readonly elsewhere: number;
  /** Latent mistakes that we tell of nevertheless. */
  readonly told: number;
}

export function rowsOf(project: string, results: readonly Result[]): Row[] {
  const classes = [...new Set(results.map((it) => it.class))].toSorted();
  return classes.map((name) =>
    rowOf(
      project,
      name,
      results.filter((it) => it.class === name),
    ),
  );
}

export function rowOf(project: string, name: string, results: readonly Result[]): Row {
  const count = (is: (it: Result) => boolean | undefined) => results.filter(is).length;
  return {
    project,
    class: name,
    mutants: results.length,
    refused: count(({ comparison }) => comparison.refused),
    detected: count(({ comparison }) => comparison.detected),
    onStatement: count(({ comparison }) => comparison.onStatement),
    exact: count(({ comparison }) => comparison.exact),
    exactOf: count(({ comparison }) => comparison.exact !== undefined),
    falseAlarms: count(isFalseAlarm),
    elsewhere: count(({ comparison }) => comparison.elsewhere.length > 0),
    told: count((it) => it.latent && !it.comparison.refused && it.check.findings.some(tells)),
  };
}

const tells = ({ severity }: Finding): boolean => severity === 'error' || severity === 'warning';

/** What we say of a mistake in a body that is only made, not called, is no false alarm. */
const isFalseAlarm = ({ latent, comparison }: Result): boolean => !latent && comparison.falseAlarms.length > 0;

export const isMiss = ({ comparison }: Result): boolean => comparison.refused && !comparison.onStatement;
export const isDisagreement = (it: Result): boolean =>
  isMiss(it) || isFalseAlarm(it) || it.comparison.elsewhere.length > 0 || it.comparison.exact === false;

export function table(rows: readonly Row[]): string {
  const head = [
    'project',
    'class',
    'mutants',
    'refused',
    'detected',
    'statement',
    'token',
    'false',
    'elsewhere',
    'latent told',
  ];
  const cells = rows.map((it) => [
    it.project,
    it.class,
    ...[it.mutants, it.refused, it.detected, it.onStatement].map(String),
    it.exactOf === 0 ? '' : `${it.exact}/${it.exactOf}`,
    ...[it.falseAlarms, it.elsewhere, it.told].map((count) => (count === 0 ? '' : String(count))),
  ]);
  const widths = head.map((title, column) => Math.max(title.length, ...cells.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    row
      .map((text, i) => (i < 2 ? text.padEnd(widths[i] ?? 0) : text.padStart(widths[i] ?? 0)))
      .join('  ')
      .trimEnd();
  return `${[head, ...cells].map(line).join('\n')}\n`;
}

/** What Postgres says, what we say, and the words that we mark. */
export function disagreement(result: Result): string {
  const { id, verdict, comparison, text, check } = result;
  const kind = isMiss(result)
    ? comparison.detected
      ? 'wrong statement'
      : 'missed'
    : comparison.falseAlarms.length > 0
      ? 'false alarm'
      : comparison.elsewhere.length > 0
        ? 'error elsewhere'
        : 'wrong token';
  const lineOf = lineIndex(text);
  const place = (offset: number) => String(lineOf(offset).line + 1);
  const truth =
    verdict.kind === 'accepted'
      ? 'accepted'
      : `line ${verdict.statement ? place(verdict.statement.range.start) : 'COMMIT'}: ${verdict.refusal.sqlState} ${verdict.refusal.message}`;
  const ours = check.findings
    .filter(({ severity }) => severity === 'error' || kind === 'missed')
    .map(
      ({ range, severity, sqlState, code, message }) =>
        `${severity} line ${place(range.start)} «${brief(text.slice(range.start, range.end))}»: ${sqlState ?? code} ${message}`,
    );
  return [
    `${kind}: ${id}`,
    `  Postgres: ${truth}`,
    ...(ours.length > 0 ? ours : ['nothing']).map((it) => `  we say:   ${it}`),
  ].join('\n');
}

const brief = (words: string): string => (words.length > 60 ? `${words.slice(0, 57)}…` : words).replaceAll(/\s+/g, ' ');

export function times(results: readonly Result[]): string {
  const says = (which: 'truth' | 'check') => {
    const { median, p95 } = timesOf(results.map(({ ms }) => ms[which]));
    return `${median} ms, p95 ${p95} ms`;
  };
  return results.length === 0 ? '' : `a mutant takes plain Postgres ${says('truth')}; us ${says('check')}\n`;
}
