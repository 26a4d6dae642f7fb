/** What a trial has found, as people read it in a terminal. */
import type { KeptTrial, TriedMigration, TriedStatement, TrialPass, TrialReport } from '../../engine/project';
import { type RefusingRows, rowsInWords, trialInWords, verdictOfTrip } from '../../engine/trials';
import { lossInWords, type DataLoss } from '../../engine/verification';
import type { Paint } from '../terminal';
import { harmless } from './cells';
import { renderChangeCounts, renderChanges } from './changes';
import { renderList } from './list';
import type { Places } from './places';
import { bytes, duration, some } from './words';

export function renderReport(report: TrialReport, places: Places, paint: Paint): string {
  const { passes, changes, lost } = report;
  return [
    `${copiedLine(report)}\n\n`,
    ...passes.map((pass) => renderPass(pass, places, paint)),
    `${paint('bold', 'Schema')}: ${renderChangeCounts(changes)}\n\n`,
    changes.length === 0 ? '' : renderChanges(changes, paint),
    ...section('Rows that are gone after up', lost, paint),
    renderRoundTrip(report, paint),
  ].join('');
}

function copiedLine({ copied, target, server }: TrialReport): string {
  const { how, snapshot, bytes: size, ms, lacks, ended } = copied;
  const from = { copy: 'Copy', file: 'Copy', dump: 'Dump', snapshot: `Copy of the snapshot ${snapshot}` }[how];
  const lines = [
    `${from} of ${target} (${server}): ${bytes(size)} in ${duration(ms)}`,
    ...(ended.length === 0 ? [] : [`Sessions that were ended for it: ${ended.join('; ')}`]),
    ...(lacks.length === 0 ? [] : [`It lacks what the server did not take: ${lacks.join('; ')}`]),
  ];
  return harmless(lines.join('\n'));
}

const titles: Readonly<Record<TrialPass['pass'], string>> = { up: 'Up', down: 'Down', upAgain: 'Up again' };

/** Most of what a line tells of a statement. */
const longestSql = 60;

function renderPass({ pass, migrations, ms }: TrialPass, places: Places, paint: Paint): string {
  const rows = migrations.flatMap((migration) => [
    { migration: `${migration.version} ${migration.title}`.trimEnd() + byTool(migration), ms: migration.ms },
    ...migration.statements.map((it) => ({ ...it, path: migration.path })),
  ]);
  const lines = rows.map((row) => {
    const time = duration(row.ms).padStart(8);
    if ('migration' in row) return `  ${time}  ${paint('bold', harmless(row.migration))}`;
    const { line } = places.show(row);
    return `  ${time}    ${paint('gray', `${line}:`)} ${sqlLine(row)}${factsOf(row)}`;
  });
  return [`${paint('bold', titles[pass])} (${duration(ms)})`, ...lines].map((it) => `${it}\n`).join('') + '\n';
}

const byTool = ({ byTool: isSo }: TriedMigration): string => (isSo ? ', run by its tool' : '');

function sqlLine({ sql }: Pick<TriedStatement, 'sql'>): string {
  const line = harmless(sql).replaceAll(/\s+/g, ' ');
  return line.length > longestSql ? `${line.slice(0, longestSql - 1)}…` : line;
}

function factsOf({ rows, locks, rewrites }: TriedStatement): string {
  const facts = [
    ...(rows === null ? [] : [some(rows, 'row')]),
    ...locks.map(({ mode, object }) => `locks ${object} ${mode}`),
    ...(rewrites.length === 0 ? [] : [`writes ${rewrites.join(', ')} anew`]),
  ];
  return facts.length === 0 ? '' : harmless(`  — ${facts.join('; ')}`);
}

function section(title: string, losses: readonly DataLoss[], paint: Paint): string[] {
  if (losses.length === 0) return [];
  return [
    `${paint('bold', title)}\n`,
    ...losses.map((it) => `  ${paint('yellow', harmless(lossInWords(it)))}\n`),
    '\n',
  ];
}

function renderRoundTrip({ roundTrip }: TrialReport, paint: Paint): string {
  const title = paint('bold', 'Round trip');
  switch (roundTrip.kind) {
    case 'unfinished':
      return '';
    case 'impossible':
      return `${title}: up only. ${harmless(roundTrip.because)}\n\n`;
    case 'tried': {
      const { versions, verdict, again, stopped } = roundTrip;
      const only = stopped === undefined ? '' : ` Only for ${versions.join(', ')}: ${harmless(stopped)}`;
      const differences = verdict.kind === 'different' ? verdict.differences : [];
      const schema =
        differences.length === 0
          ? paint('green', 'after down the schema is exactly as before')
          : paint('yellow', `after down the schema is not as before: ${renderChangeCounts(differences)}`);
      return [
        `${title}: ${schema}.${only}\n\n`,
        differences.length === 0 ? '' : renderChanges(differences, paint),
        ...section('Rows that are not as before', verdict.kind === 'exact' ? [] : verdict.losses, paint),
        again.length === 0 ? '' : `${paint('yellow', 'After up again the schema is another one than after up')}\n`,
        again.length === 0 ? '' : `${renderChanges(again, paint)}\n`,
      ].join('');
    }
  }
}

/** @returns text that ends with an empty line; empty when there is nothing to say */
export function renderRows(rows: readonly RefusingRows[], paint: Paint): string {
  if (rows.length === 0) return '';
  const lines = rows.flatMap((it) => [
    paint('bold', harmless(rowsInWords(it))),
    ...(it.query === undefined ? [] : [`  ${harmless(it.query)}`]),
  ]);
  return `${lines.join('\n')}\n\n`;
}

/** For the end. */
export function renderVerdict(report: TrialReport, paint: Paint): string {
  const { roundTrip } = report;
  const isExact = roundTrip.kind !== 'tried' || verdictOfTrip(roundTrip) === 'exact';
  return paint(isExact ? 'green' : 'yellow', harmless(trialInWords(report)));
}

export function renderTrials(trials: readonly KeptTrial[], paint: Paint): string {
  if (trials.length === 0) return 'There are no copies of trials.\n';
  const rows = trials.map(({ name, begun, bytes: size, versions, finished }) => [
    name,
    begun.slice(0, 16).replace('T', ' '),
    bytes(size),
    `${versions.length}${finished ? '' : ' (going on, or cut off)'}`,
  ]);
  return renderList(['Copy', 'Begun', 'Size', 'Migrations'], rows, paint);
}
