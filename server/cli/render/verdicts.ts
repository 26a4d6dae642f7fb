/** What is said of down scripts, to people and to scripts. */
import { lossInWords, type Verdict, type VerdictKind, type Verified, verdictWords } from '../../engine/verification';
import type { Values } from '../arguments';
import type { Colour, Paint } from '../terminal';
import { harmless } from './cells';
import { renderChanges } from './changes';
import { rounded } from './json';
import type { Places } from './places';
import { duration, some } from './words';

const colours: Readonly<Record<VerdictKind, Colour>> = {
  exact: 'green',
  loses: 'yellow',
  different: 'red',
  fails: 'red',
  impossible: 'red',
  missing: 'yellow',
  untried: 'red',
};

/** What was tried, and perhaps a way back that was written then. */
export interface Tried extends Verified {
  readonly written?: true;
}

/** What its way back comes to by now. */
export const standing = ({ verdict, suggestion, written }: Tried): Verdict =>
  written && suggestion ? suggestion.verdict : verdict;

interface Look {
  readonly paint: Paint;
}

export function renderVerified(verified: Verified, places: Places, { paint }: Look): string {
  const { version, title, verdict, suggestion, ms } = verified;
  const heading = `${paint('bold', harmless(`${version} ${title}`))}: ${paint([colours[verdict.kind], 'bold'], verdictWords[verdict.kind])} ${paint('gray', `(${duration(ms)})`)}`;
  const lines = [heading, ...detailsOf(verdict, places).map((it) => `  ${harmless(it)}`)];
  const changes = verdict.kind === 'different' ? renderChanges(verdict.differences, paint) : '';
  const offer = suggestion ? renderSuggestion(suggestion, places, paint) : '';
  return `${lines.join('\n')}\n${changes}${offer}`;
}

function detailsOf(verdict: Verdict, places: Places): string[] {
  const withRows = verdict.withRows
    ? [`with rows it fails: ${verdict.withRows.refusal.message} (${verdict.withRows.refusal.sqlState})`]
    : [];
  switch (verdict.kind) {
    case 'loses':
    case 'different':
      return [...verdict.losses.map(lossInWords), ...withRows];
    case 'fails': {
      const { path, range, statement, refusal } = verdict.at;
      const { path: file, line } = places.show({ path, range });
      const [first = ''] = statement.split('\n');
      return [
        `${file}:${line}: ${refusal.message} (${refusal.sqlState})`,
        `in: ${first}`,
        ...(refusal.detail === undefined ? [] : refusal.detail.split('\n')),
      ];
    }
    case 'impossible':
    case 'untried':
      return [verdict.why];
    case 'exact':
    case 'missing':
      return withRows;
  }
}

function renderSuggestion(
  { statements, verdict, drops, file, noFile }: NonNullable<Verified['suggestion']>,
  places: Places,
  paint: Paint,
): string {
  const lost = drops.length > 0 ? `; it throws away ${drops.join(', ')}` : '';
  const where = file ? `, as ${places.path(file.path)}` : '';
  const heading = `  This way back was tried: ${verdictWords[verdict.kind]}${where}${harmless(lost)}:`;
  const sql = statements.flatMap((it) => `${harmless(it)};`.split('\n')).map((it) => `    ${paint('cyan', it)}`);
  const why = noFile === undefined ? [] : [`  It is not written into a file. ${harmless(noFile)}`];
  return `${[heading, ...sql, ...why].join('\n')}\n`;
}

/** `4 migrations tried on …: 2 exact, 1 fails, 1 written`. */
export function renderVerdictCounts(all: readonly Tried[], paint: Paint): string {
  if (all.length === 0) return 'Nothing to verify: no migration is pending. Add --all to verify every one.\n';
  const kinds = Object.keys(verdictWords) as VerdictKind[];
  const counted = (some: readonly Tried[], words: (kind: VerdictKind) => string): string[] =>
    kinds.flatMap((kind) => {
      const count = some.filter((it) => standing(it).kind === kind).length;
      return count === 0 ? [] : [paint(colours[kind], `${count} ${words(kind)}`)];
    });
  const counts = [
    ...counted(
      all.filter((it) => !it.written),
      (kind) => verdictWords[kind],
    ),
    ...counted(
      all.filter((it) => it.written),
      (kind) => (kind === 'exact' ? 'written' : `written (${verdictWords[kind]})`),
    ),
  ];
  return `${some(all.length, 'migration')} tried on ${all[0]?.rehearsedOn ?? ''}: ${counts.join(', ')}\n`;
}

/** What finds a way back, or writes the one that was found. */
export function wayOn(
  all: readonly Tried[],
  { suggest, write }: Pick<Values, 'suggest' | 'write'>,
): string | undefined {
  if (write) return undefined;
  if (suggest) return all.some((it) => it.suggestion?.file) ? 'Add --write to write what was found.' : undefined;
  const isOpen = all.some(({ verdict }) => ['different', 'fails', 'missing'].includes(verdict.kind));
  return isOpen ? 'Add --write to have a way back found, tried and written, or --suggest to see it first.' : undefined;
}

export function jsonVerified({ path, downPath, suggestion, verdict, ms, ...rest }: Tried, places: Places): object {
  return {
    ...rest,
    path: places.path(path),
    ...(downPath === undefined ? {} : { downPath: places.path(downPath) }),
    ms: rounded(ms),
    verdict: jsonVerdict(verdict, places),
    ...(suggestion && {
      suggestion: {
        ...suggestion,
        verdict: jsonVerdict(suggestion.verdict, places),
        ...(suggestion.file && { file: { ...suggestion.file, path: places.path(suggestion.file.path) } }),
      },
    }),
  };
}

function jsonVerdict({ withRows, ...verdict }: Verdict, places: Places): object {
  const placed = (at: NonNullable<Verdict['withRows']>) => {
    const { path: file, line, column } = places.show(at);
    return { path: file, line, column, statement: at.statement, ...at.refusal };
  };
  return {
    ...verdict,
    ...(verdict.kind === 'fails' ? { at: placed(verdict.at) } : {}),
    ...(withRows && { withRows: placed(withRows) }),
  };
}
