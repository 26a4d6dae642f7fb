/** What is said of down scripts, to people and to scripts. */
import { lossInWords, type Verdict, type VerdictKind, type Verified, verdictWords } from '../../engine/verification';
import type { Colour, Paint } from '../terminal';
import { harmless } from './cells';
import { renderChanges } from './changes';
import { duration, some } from './findings';
import { rounded } from './json';
import type { Places } from './places';

const colours: Readonly<Record<VerdictKind, Colour>> = {
  exact: 'green',
  loses: 'yellow',
  different: 'red',
  fails: 'red',
  impossible: 'red',
  missing: 'yellow',
  untried: 'red',
};

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

/** `3 down scripts: 2 exact, 1 fails`. */
export function renderVerdictCounts(all: readonly Verified[], paint: Paint): string {
  if (all.length === 0) return 'Nothing to verify: no migration is pending. Add --all to verify every one.\n';
  const kinds = Object.keys(verdictWords) as VerdictKind[];
  const counts = kinds.flatMap((kind) => {
    const count = all.filter(({ verdict }) => verdict.kind === kind).length;
    return count === 0 ? [] : [paint(colours[kind], `${count} ${verdictWords[kind]}`)];
  });
  return `${some(all.length, 'migration')} tried on ${all[0]?.rehearsedOn ?? ''}: ${counts.join(', ')}\n`;
}

export function jsonVerified({ path, downPath, suggestion, verdict, ms, ...rest }: Verified, places: Places): object {
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
