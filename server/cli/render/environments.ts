/** Environments as people read them: a line for each, and the matrix of migrations and environments. */
import type { Comparison, EnvironmentState, PromotionRow } from '../../engine/projects/promotion';
import { Fault } from '../../engine/base/fault';
import type { MigrationState, Project } from '../../engine/project';
import { type Rehearsed, placeOf } from '../rehearsal';
import type { Paint } from '../terminal';
import { harmless, padded, widest } from './cells';
import { renderChangeCounts, renderChanges } from './changes';
import { renderCounts } from './findings';
import type { Places } from './places';
import { looks } from './status';
import { some } from './words';

/** Short enough for a column. */
const words = {
  applied: 'applied',
  pending: 'pending',
  edited: 'edited',
  missing: 'missing',
  skipped: 'skipped',
} as const satisfies Record<MigrationState, string>;

export function renderEnvironments(
  { folder }: Project,
  states: readonly EnvironmentState[],
  places: Places,
  paint: Paint,
): string {
  const heading = `${paint('bold', harmless(places.path(folder.path)))} (${folder.layout.label})\n`;
  const names = widest(states.map(({ name }) => harmless(name)));
  const labels = widest(states.map(({ target }) => harmless(target.label)));
  return `${heading}${states.map((it) => `  ${line(it, { names, labels }, paint)}\n`).join('')}`;
}

function line(
  { name, target, answer }: EnvironmentState,
  { names, labels }: { readonly names: number; readonly labels: number },
  paint: Paint,
): string {
  const { environment } = target;
  const traits = [
    // Most are called by their role.
    ...(environment && environment.role !== name ? [environment.role] : []),
    ...(environment?.readOnly ? ['read-only'] : []),
  ].join(', ');
  const start = `${padded(harmless(name), names)}  ${padded(harmless(target.label), labels)}  ${traits && `${traits}: `}`;
  if (answer.kind === 'fault') return `${start}${paint('red', harmless(answer.message))}`;
  const { server, migrations, blocked } = answer.status;
  const pending = migrations.filter(({ state }) => state === 'pending').length;
  const counts = pending === 0 ? paint('green', 'nothing is pending') : paint('yellow', `${pending} pending`);
  const trouble = blocked === undefined ? '' : paint('red', `; blocked: ${harmless(blocked)}`);
  return `${start}${counts} (${server})${trouble}`;
}

export function renderMatrix(rows: readonly PromotionRow[], states: readonly EnvironmentState[], paint: Paint): string {
  const answered = states.filter(({ answer }) => answer.kind === 'status').map(({ name }) => name);
  if (rows.length === 0 || answered.length === 0) return '';
  const titles = rows.map(({ version, title }) => harmless(`${version} ${title}`.trimEnd()));
  const first = widest(titles);
  const columns = answered.map((name) => ({ name, width: widest([harmless(name), ...Object.values(words)]) }));
  const head = columns.map(({ name, width }) => padded(harmless(name), width)).join('  ');
  const lines = rows.map(({ states: at }, i) => {
    const cells = columns.map(({ name, width }) => {
      const state = at[name];
      return state ? paint(looks[state].colour, padded(words[state], width)) : padded('-', width);
    });
    return `  ${padded(titles[i] ?? '', first)}  ${cells.join('  ')}`.trimEnd();
  });
  return `${[`  ${padded('', first)}  ${paint('bold', head.trimEnd())}`, ...lines].join('\n')}\n`;
}

export function renderRehearsal(name: string, rehearsal: Rehearsed | Fault, paint: Paint): string {
  const where = paint('bold', harmless(name));
  if (rehearsal instanceof Fault) return `${where}: ${paint('red', harmless(rehearsal.message))}\n`;
  const { files, check } = rehearsal;
  if (files.length === 0) return `${where}: nothing to promote.\n`;
  const counts = renderCounts(
    files.flatMap(({ findings }) => findings),
    paint,
  );
  return `${where}: ${some(files.length, 'file')} rehearsed on ${placeOf(check)}, ${check.upon}: ${counts}\n`;
}

export function renderComparison({ name, with: other, changes }: Comparison, paint: Paint): string {
  const heading = `${paint('bold', harmless(name))} beside ${harmless(other)}, with the same migrations`;
  if (changes.length === 0) return `${heading}: ${paint('green', 'the same schema')}\n`;
  return `${heading}: ${renderChangeCounts(changes)}\n\n${renderChanges(changes, paint)}`;
}

export function jsonEnvironment({ name, target, answer }: EnvironmentState) {
  const { environment, label, because, local } = target;
  const known = {
    name,
    ...(environment && { role: environment.role, readOnly: environment.readOnly }),
    target: label,
    because,
    local,
  };
  if (answer.kind === 'fault') return { ...known, error: { code: answer.code, message: answer.message } };
  const { server, historyTable, migrations, blocked } = answer.status;
  return {
    ...known,
    server,
    historyTable,
    pending: migrations.filter(({ state }) => state === 'pending').map(({ version }) => version),
    ...(blocked !== undefined && { blocked }),
  };
}
