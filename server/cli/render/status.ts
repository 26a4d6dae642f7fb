/** Where a database stands in the history of a folder, as people read it. */
import { type PlacedProblem, severityOf } from '../../engine/layouts/migration';
import type { MigrationState, MigrationStatus, Project, Status } from '../../engine/project';
import type { Colour, Paint } from '../terminal';
import { harmless, padded, widest } from './cells';
import type { Places } from './places';

/** How each state is said. */
export const looks = {
  applied: { word: 'applied', colour: 'green' },
  pending: { word: 'pending', colour: 'yellow' },
  edited: { word: 'edited after it was applied', colour: 'red' },
  missing: { word: 'applied, but not in this folder', colour: 'red' },
  skipped: { word: 'will never run: older than the newest applied one', colour: 'red' },
} as const satisfies Record<MigrationState, { word: string; colour: Colour }>;

export function renderProject({ folder, target }: Project, places: Places, paint: Paint): string {
  const where = target.local ? target.label : paint('yellow', `${target.label} (not on this machine)`);
  return `${paint('bold', harmless(places.path(folder.path)))} (${folder.layout.label}) on ${where} (${target.because})\n`;
}

/** What is wrong with a folder as a whole, on a line of its own. */
export const renderProblem = (problem: PlacedProblem, places: Places): string =>
  `${harmless(places.path(problem.path))}: ${severityOf(problem)}: ${harmless(problem.message)}\n`;

/** What is wrong with the history beside what is pending, on a line of its own; empty when nothing is. */
export function renderOddities({ migrations }: Status, paint: Paint): string {
  const told = odd.flatMap(({ isIt, says }) => {
    const count = migrations.filter(isIt).length;
    return count === 0 ? [] : [`${count} ${says}`];
  });
  if (told.length === 0) return '';
  return `${paint('yellow', 'The history is not in order:')} ${told.join(', ')}. See rehearsal status.\n`;
}

/** The tool applies nothing as long as it is pending. */
export const isOutOfOrder = ({ state, reason }: Pick<MigrationStatus, 'state' | 'reason'>): boolean =>
  state === 'pending' && reason !== undefined;

const outOfOrder = { word: 'pending, and out of order', colour: 'red' } as const;

const isState =
  (wanted: MigrationState) =>
  ({ state }: MigrationStatus): boolean =>
    state === wanted;

const odd = [
  { isIt: isState('edited'), says: 'edited after being applied' },
  { isIt: isState('missing'), says: 'applied but missing here' },
  { isIt: isState('skipped'), says: 'that will never run' },
  { isIt: isOutOfOrder, says: 'pending and out of order' },
];

export function renderStatus({ server, historyTable, migrations, blocked }: Status, paint: Paint): string {
  const versions = widest(migrations.map((it) => it.version));
  const titles = widest(migrations.map((it) => harmless(it.title)));
  const lines = migrations.flatMap((it) => {
    const { version, title, state, reason, kept } = it;
    const { word, colour } = isOutOfOrder(it) ? outOfOrder : looks[state];
    const line = `  ${padded(version, versions)}  ${padded(harmless(title), titles)}  ${paint(colour, word)}${keptWords(kept)}`;
    return reason === undefined ? [line] : [line, `    ${harmless(reason)}`];
  });
  const pending = migrations.filter((it) => it.state === 'pending').length;
  const summary = `${server}, history in ${historyTable}: ${pending === 0 ? 'nothing is pending' : `${pending} pending`}`;
  const trouble =
    blocked === undefined
      ? []
      : [`${paint('red', `Blocked: ${harmless(blocked)}`)} rehearsal repair lists the ways out.`];
  return `${[...lines, summary, ...trouble].join('\n')}\n`;
}

/** What can be done about one that is not in the folder. */
function keptWords(kept: MigrationStatus['kept']): string {
  if (!kept) return '';
  return kept.hasDown ? '; its SQL is kept, so that it can be reverted' : '; its SQL is kept, which has no way down';
}
