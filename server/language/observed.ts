/** What a statement did, in words for people: the line of an inlay hint, the text of a hover. Pure. */
import type { StatementOutcome } from '../engine/project';
import type { Dependent, Lock, Observation } from '../engine/rehearsal/observation/observation';
import { strengthOf } from '../engine/sql/lockModes';
import { capital, code, row, some } from './markdown';

type Ran = StatementOutcome & { readonly kind: 'ran' };

/** The strongest lock that others wait for; empty when there is none. */
export function compactWords({ observation }: Ran): string {
  const seen = observation?.locks.filter((it) => !it.unseen) ?? [];
  const [strongest] = seen.toSorted((a, b) => rank(b) - rank(a));
  return strongest ? `${strongest.mode} ${strongest.object}` : '';
}

/** Everything, on one line. */
export function fullWords({ ms, rows, notices, observation }: Ran): string {
  return joined([
    duration(ms),
    ...(rows === undefined ? [] : [some(rows, 'row')]),
    ...(observation ? wordsOf(observation) : []),
    ...(notices.length > 0 ? [some(notices.length, 'notice')] : []),
  ]);
}

function wordsOf({ locks, rewrites, scans, rows, created, altered, dropped, dependents }: Observation): string[] {
  return [
    ...locks
      .toSorted((a, b) => rank(b) - rank(a))
      .map(({ mode, object, held }) => `${mode} ${object}${held ? ' (held)' : ''}`),
    ...rewrites.map(({ object }) => `rewrites ${object}`),
    ...scans.map(
      ({ table, scans: times, rows: read }) => `${times > 0 ? 'scans' : 'reads'} ${table} (${some(read, 'row')})`,
    ),
    ...rows.map((it) => `${written(it)} in ${it.table}`),
    ...created.map(({ kind, identity }) => `creates ${kind} ${identity}`),
    ...altered.map(({ kind, identity }) => `alters ${kind} ${identity}`),
    ...dropped.map(({ kind, identity }) => `drops ${kind} ${identity}`),
    ...dependents.map((it) => `${it.kind} ${it.identity} ${effects[it.effect]}`),
  ];
}

/** Markdown. */
export function hoverText(outcome: StatementOutcome): string {
  switch (outcome.kind) {
    case 'ran':
      return ranText(outcome);
    case 'refused':
      return `**Refused** after ${duration(outcome.ms)} (${outcome.sqlState}): ${code(outcome.message)}`;
    case 'ended':
      return `**Ended the session**: ${code(outcome.message)}`;
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
      dependents.map((it) => `${named(it)} ${effects[it.effect]}`),
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
  return [row(['Lock', 'On', '']), row(['---', '---', '---']), ...rows].join('\n');
}

const list = (title: string, items: readonly string[]): string =>
  items.length === 0 ? '' : [`${title}:`, ...items.map((it) => `- ${it}`)].join('\n');

const named = ({ kind, identity }: { readonly kind: string; readonly identity: string }): string =>
  `${kind} ${code(identity)}`;

const effects: Readonly<Record<Dependent['effect'], string>> = {
  dropped: 'goes with it',
  changed: 'follows silently',
  mayBreak: 'may break: its text mentions it',
  invalidated: 'with all its columns fail once',
};

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
