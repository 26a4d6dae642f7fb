/** The names that Postgres gives to constraints, indexes and sequences when the user gives none. */
import { truncatedName } from './tokens';

/**
 * `orders_user_id_fkey`: table, columns and label, the longer of the first two cut until all fit into 63 bytes.
 *
 * As `makeObjectName` in the server's `commands/indexcmds.c` does it.
 */
export function generatedName(table: string, columns: string, label: string): string {
  const room = 63 - Buffer.byteLength(label) - 1 - (columns === '' ? 0 : 1);
  let [first, second] = [Buffer.byteLength(table), Buffer.byteLength(columns)];
  // The longer one gives way until both are alike, then both in turn.
  const excess = Math.max(0, first + second - room);
  const alike = Math.min(excess, Math.abs(first - second));
  if (first > second) first -= alike;
  else second -= alike;
  const rest = excess - alike;
  second -= Math.ceil(rest / 2);
  first -= Math.floor(rest / 2);
  return [truncatedName(table, first), ...(columns === '' ? [] : [truncatedName(columns, second)]), label].join('_');
}

/** Numbers for what would have the same name twice in one statement; Postgres puts the number behind the label. */
export function numbered(taken: Set<string>, name: (label: string) => string, label: string): string {
  for (let n = 0; ; n++) {
    const candidate = name(n === 0 ? label : `${label}${n}`);
    if (taken.has(candidate)) continue;
    taken.add(candidate);
    return candidate;
  }
}

/** The columns as they stand in the name of an index; an expression is its function or `expr`, doubles get a number. */
export function joinedColumns(names: readonly string[]): string {
  const used: string[] = [];
  for (const name of names) {
    let candidate = name;
    for (let n = 1; used.includes(candidate); n++) candidate = `${truncatedName(name, 63 - `${n}`.length)}${n}`;
    used.push(candidate);
  }
  return used.join('_');
}
