/**
 * How node-pg-migrate names, orders and pairs its files.
 *
 * Facts from salsita/node-pg-migrate v9.0.0 and v10.0.0-alpha.2: src/migration.ts, src/migrationLoader.ts,
 * src/utils/fileNameUtils.ts, src/utils/comparators.ts.
 */
import type { Collected, FolderContents, FolderProblem, FoundFile, MigrationName } from './layout';
import { groupsOf } from './pairs';

/** Programs, which only the tool itself can run. */
export const isProgram = (fileName: string): boolean => /\.[cm]?[jt]s$/.test(fileName);

/** @param order among the others; left out where they are not known */
export function nameOf(fileName: string, order?: number): MigrationName | undefined {
  const [, digits] = /^(\d+)[^/]*$/.exec(fileName) ?? [];
  if (digits === undefined || !(isProgram(fileName) || fileName.endsWith('.sql'))) return undefined;
  const [, base = '', half] = /^(.*?)(?:\.(up|down))?\.(?:sql|[cm]?[jt]s)$/.exec(fileName) ?? [];
  const isHalf = half !== undefined && fileName.endsWith('.sql');
  const version = isHalf || half === undefined ? base : `${base}.${half}`;
  const place = order === undefined ? String(valueOf(digits)).padStart(20, '0') : String(order).padStart(10, '0');
  return {
    version,
    digits,
    order: place,
    title: '',
    direction: isHalf ? (half === 'up' ? 'up' : 'down') : 'both',
  };
}

/** 17 digits are a time in UTC; all others are a number: milliseconds, or an index. */
function valueOf(digits: string): number {
  if (digits.length !== 17) return Number(digits);
  const [year = NaN, month = NaN, ...rest] = [0, 4, 6, 8, 10, 12, 14].map((at, i, starts) =>
    Number(digits.slice(at, starts[i + 1] ?? digits.length)),
  );
  return Date.UTC(year, month - 1, ...rest);
}

function compare(one: string, other: string): number {
  const value = (name: string): number => valueOf(/^\d+/.exec(name)?.[0] ?? '');
  const options = { usage: 'sort', numeric: true, sensitivity: 'variant', ignorePunctuation: true } as const;
  return value(one) - value(other) || one.localeCompare(other, undefined, options);
}

/** In the tool's order: both files of a pair as one. */
export function collectNames({ names }: Pick<FolderContents, 'names'>): Collected {
  const visible = names.filter((name) => !name.endsWith('/') && !name.startsWith('.'));
  const known = visible.filter((name) => nameOf(name) !== undefined);
  const ids = [...new Set(known.map((name) => idOf(name)))].toSorted(compare);
  const files = known.flatMap((fileName): FoundFile[] => {
    const name = nameOf(fileName, ids.indexOf(idOf(fileName)));
    return name ? [{ fileName, name }] : [];
  });
  const strange = visible.filter((name) => nameOf(name) === undefined).map(refused);
  return { files, problems: [...strange, ...pairProblems(files)] };
}

/** What is compared: of a pair the name without the direction. */
const idOf = (fileName: string): string => fileName.replace(/\.(?:up|down)\.sql$/, '.sql');

const refused = (fileName: string): FolderProblem => ({
  fileName,
  message: `node-pg-migrate refuses the whole folder: it takes each file in it for a migration, and ${
    /^\d/.test(fileName) ? 'does not know this kind' : 'this one does not begin with a number'
  }. Move it, or run the tool with --ignore-pattern.`,
});

function pairProblems(files: readonly FoundFile[]): FolderProblem[] {
  const sql = files.filter(({ fileName }) => fileName.endsWith('.sql'));
  const halves = sql.filter(({ name }) => name.direction !== 'both');
  const groups = [...groupsOf(sql, ({ name }) => name.version).values()];
  const [first] = halves;
  const found = groups.flatMap((group) => {
    const [own] = group.filter(({ name }) => name.direction !== 'both');
    if (!own) return [];
    if (group.some(({ name }) => name.direction === 'both'))
      return [
        problem(
          own,
          'node-pg-migrate refuses the whole folder: there is a file of that name without a direction, too.',
        ),
      ];
    const isLone = !group.some(({ name }) => name.direction === 'up');
    return isLone
      ? [problem(own, 'node-pg-migrate refuses the whole folder: there is no up file beside this down file.')]
      : [];
  });
  const paired =
    first &&
    problem(
      first,
      'Pairs of files are known to the loader "sql" of node-pg-migrate 10 only, which a program has to ask for: its command line runs down files as migrations of their own.',
    );
  return paired ? [...found, paired] : found;
}

const problem = ({ fileName }: FoundFile, message: string): FolderProblem => ({ fileName, message });
