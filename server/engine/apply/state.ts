/** In words: how the database stands when not everything was carried out. */
import { capital } from '../base/words';
import type { HistoryState } from '../history/history';
import type { MigrationFolder } from '../layouts/migration';
import type { Planned } from './plan';
import type { Statement } from '../sql/statement';
import type { Lasting } from './runScript';

/**
 * What of one migration stands, after it was cut off or refused.
 *
 * @param doubtful a statement that was sent and never answered
 */
export function whatStands({ migration, direction, scripts }: Planned, lasting: Lasting, doubtful?: Statement): string {
  const { version } = migration;
  const script = direction === 'up' ? version : `the down script of ${version}`;
  if (lasting === undefined)
    return `${capital(script)} ends transactions of its own, and how far it came is not known: look at the database.`;
  const statements = scripts.flatMap((it) => it.statements);
  const standing = new Set(lasting);
  const numbers = statements.flatMap((statement, index) => (standing.has(statement) ? [index + 1] : []));
  if (doubtful) {
    const before = numbers.length === 0 ? '' : `${tookEffect(numbers)}; `;
    const doubt = `whether number ${statements.indexOf(doubtful) + 1} did is not known`;
    return `Of the ${statements.length} statements of ${script}, ${before}${doubt}; the others did not.`;
  }
  if (numbers.length === 0) {
    // An earlier run may have left something.
    if (scripts.some((it) => it.script.mode === 'statements'))
      return `${capital(script)} took no effect; nothing of this run stands. What an earlier one has left, if there was one, is still there.`;
    const stands = direction === 'up' ? 'nothing of it stands' : `${version} stands as before`;
    return `${capital(script)} was rolled back; ${stands}.`;
  }
  if (numbers.length === statements.length) return `All statements of ${script} took effect and stay.`;
  return `Of the ${statements.length} statements of ${script}, ${tookEffect(numbers)}; the others did not.`;
}

/**
 * What became of one migration, and of those before it.
 *
 * @param earlier versions that were run in the same transaction; undefined when it has one of its own
 */
export function withEarlier(stands: string, earlier: readonly string[] = []): string {
  const last = earlier.at(-1);
  if (last === undefined) return stands;
  if (earlier.length === 1) return `${stands} ${last}, in the same transaction, was rolled back with it.`;
  return `${stands} ${earlier.slice(0, -1).join(', ')} and ${last}, in the same transaction, were rolled back with it.`;
}

/** What the tool's history says now. */
export function whatIsRecorded(folder: MigrationFolder, state: HistoryState): string {
  if (state.blocked !== undefined) return state.blocked;
  const newest = folder.migrations.findLast((it) => state.applied(it) === 'applied')?.version ?? state.versions.at(-1);
  return newest === undefined ? 'No migration is applied.' : `${newest} is the newest applied migration.`;
}

const tookEffect = (numbers: readonly number[]): string =>
  `${spans(numbers)} took effect and ${numbers.length === 1 ? 'stays' : 'stay'}`;

/** `number 2`, `numbers 1 to 3 and 5` */
function spans(numbers: readonly number[]): string {
  const found: { from: number; to: number }[] = [];
  for (const number of numbers) {
    const last = found.at(-1);
    if (last && last.to === number - 1) last.to = number;
    else found.push({ from: number, to: number });
  }
  const words = found.map(({ from, to }) => (from === to ? String(from) : `${from} to ${to}`));
  return `number${numbers.length === 1 ? '' : 's'} ${words.join(' and ')}`;
}
