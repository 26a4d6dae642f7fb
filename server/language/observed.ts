/** What a statement did, in words for people: the line of an inlay hint, the text of a hover. Pure. */
import { capital } from '../engine/base/words';
import type { StatementOutcome } from '../engine/project';
import type { Dependent, Lock, ObjectName, Observation } from '../engine/rehearsal/observation/observation';
import { strengthOf } from '../engine/sql/lockModes';
import { code, row, some } from './markdown';

type Ran = StatementOutcome & { readonly kind: 'ran' };

/** VS Code cuts what is longer (`editor.inlayHints.maximumLength`, 43 by default, for all hints of a line together). */
const longestLabel = 40;

/**
 * The strongest lock that others wait for; empty when there is none.
 *
 * @param room characters that it may take
 */
export function compactWords({ observation }: Ran, room = longestLabel): string {
  const seen = observation?.locks.filter((it) => !it.unseen) ?? [];
  const [strongest] = seen.toSorted((a, b) => rank(b) - rank(a));
  return strongest ? shortened(`${strongest.mode} ${withoutPublic(strongest.object)}`, room) : '';
}

/** What matters most, on one line, as far as there is room; the hover tells all of it. */
export function fullWords(ran: Ran): string {
  const { ms, rows, notices, observation } = ran;
  // That a table is written anew says how long the lock lasts, so the name of the table gives way to it.
  const rewrites = observation?.rewrites.some((it) => !it.unseen) ? ['rewritten!'] : [];
  const lock = compactWords(ran, longestLabel - joined(['', ...rewrites]).length);
  const words = [
    ...(lock === '' ? [] : [lock]),
    ...rewrites,
    ...(rows === undefined ? [] : [some(rows, 'row')]),
    duration(ms),
    ...(observation ? asidesOf(observation) : []),
    ...(notices.length > 0 ? [some(notices.length, 'notice')] : []),
  ];
  const tooMany = words.findIndex((_, at) => joined(words.slice(0, at + 1)).length > longestLabel);
  return joined(tooMany < 0 ? words : words.slice(0, tooMany));
}

const asidesOf = ({ scans, rows, created, altered, dropped, dependents }: Observation): string[] => [
  ...scans.map(
    ({ table, scans: times, rows: read }) =>
      `${times > 0 ? 'scans' : 'reads'} ${withoutPublic(table)} (${some(read, 'row')})`,
  ),
  ...rows.map((it) => `${written(it)} in ${withoutPublic(it.table)}`),
  ...created.map((it) => `creates ${briefly(it)}`),
  ...altered.map((it) => `alters ${briefly(it)}`),
  ...dropped.map((it) => `drops ${briefly(it)}`),
  ...dependents.map((it) => touched(it, withoutPublic)),
];

const shortened = (label: string, room: number): string =>
  label.length > room ? `${label.slice(0, room - 1)}…` : label;

const withoutPublic = (object: string): string => object.replace(/^public\./, '');

const briefly = ({ kind, identity }: ObjectName): string => `${kind} ${withoutPublic(identity)}`;

/**
 * Markdown.
 *
 * @param besides `diagnostic`: what Postgres has said of it stands beside this already
 */
export function hoverText(outcome: StatementOutcome, besides: 'nothing' | 'diagnostic' = 'nothing'): string {
  const words = (message: string): string => (besides === 'diagnostic' ? '' : `: ${code(message)}`);
  switch (outcome.kind) {
    case 'ran':
      return ranText(outcome);
    case 'refused':
      return `**Refused** after ${duration(outcome.ms)} (${outcome.sqlState})${words(outcome.message)}`;
    case 'ended':
      return `**Ended the session**${words(outcome.message)}`;
    case 'skipped':
      return `**Not rehearsed**: ${reasons[outcome.reason]}`;
  }
}

const reasons: Readonly<Record<(StatementOutcome & { kind: 'skipped' })['reason'], string>> = {
  reaches: 'it reaches outside the database.',
  psql: 'a line for psql.',
  sessionEnded: 'an earlier statement had ended the session.',
};

function ranText({ ms, rows, notices, observation }: Ran): string {
  const head = `**Ran** in ${duration(ms)}${rows === undefined ? '' : `, ${some(rows, 'row')}`}`;
  const said = notices.map(({ severity, message }) => `- ${capital(severity.toLowerCase())}: ${code(message)}`);
  return [head, ...(observation ? sectionsOf(observation) : []), said.join('\n')]
    .filter((it) => it !== '')
    .join('\n\n');
}

function sectionsOf({
  locks,
  rewrites,
  scans,
  rows,
  created,
  altered,
  dropped,
  dependents,
  toldBy,
  partial,
}: Observation): string[] {
  return [
    lockTable(locks),
    list(
      'Written anew',
      rewrites.map(({ kind, object }) => `${kind} ${code(object)}`),
    ),
    list(
      'Read',
      scans.map((it) => `${code(it.table)}: ${some(it.rows, 'row')}${it.scans > 0 ? ', from end to end' : ''}`),
    ),
    list(
      'Rows',
      rows.map((it) => `${code(it.table)}: ${written(it)}`),
    ),
    list('Created', created.map(named)),
    list('Altered', altered.map(named)),
    list('Dropped', dropped.map(named)),
    list(
      'Also touched',
      dependents.map((it) => touched(it, code)),
    ),
    toldBy === 'grammar' && created.length + altered.length + dropped.length > 0
      ? 'Objects are those that the statement names.'
      : '',
    partial ? partly : '',
  ];
}

/** The server was not asked. */
const partly =
  'That is what the statement itself tells. With `rehearsal.inlayHints` at `full` Postgres tells the rest: locks on other objects, what is written anew, the rows it reads and writes, what depends on it.';

function lockTable(locks: readonly Lock[]): string {
  if (locks.length === 0) return '';
  const rows = locks
    .toSorted((a, b) => rank(b) - rank(a))
    .map(({ mode, kind, object, held, unseen }) =>
      row([mode, `${kind} ${code(object)}`, unseen ? 'new, nobody waits' : held ? 'held already' : '']),
    );
  return [row(['Lock', 'On', '']), row([':---', ':---', ':---']), ...rows].join('\n');
}

const list = (title: string, items: readonly string[]): string =>
  items.length === 0 ? '' : [`${title}:`, ...items.map((it) => `- ${it}`)].join('\n');

const named = ({ kind, identity }: ObjectName): string => `${kind} ${code(identity)}`;

/** @param spell how its identity is written */
function touched({ kind, identity, effect }: Dependent, spell: (identity: string) => string): string {
  switch (effect) {
    case 'dropped':
      return `${kind} ${spell(identity)} goes with it`;
    case 'changed':
      return `${kind} ${spell(identity)} follows silently`;
    case 'mayBreak':
      return `${kind} ${spell(identity)} may break: its text mentions it`;
    case 'invalidated':
      return `prepared statements that read all columns of ${spell(identity)} fail once after it (cached plan must not change result type)`;
  }
}

/** Stronger ones first; of equal ones those that others wait for. */
const rank = ({ mode, unseen }: Lock): number => strengthOf(mode) - (unseen ? 10 : 0);

const written = ({ inserted, updated, deleted }: Observation['rows'][number]): string =>
  [
    [inserted, 'inserted'],
    [updated, 'updated'],
    [deleted, 'deleted'],
  ]
    .filter(([count]) => count !== 0)
    .map(([count, verb]) => `${count} ${verb}`)
    .join(', ');

const duration = (ms: number): string => `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;

const joined = (parts: readonly string[]): string => parts.join(' · ');
