/** What one migration did becomes an answer for each of its files: outcomes, what its tool and its state say of it. */
import type { Laps } from '../base/laps';
import { byPlace, firstLine, holds } from '../base/text';
import type { CheckRoom, FileCheck, Finding, MigrationState, Place, PlaceChoice } from '../project';
import type { LinkResult } from '../rehearsal/walk';
import { findingsOf, type Surroundings } from '../rehearsal/findings';
import type { PlacedOutcome } from '../rehearsal/outcome';
import { outcomesOf } from '../rehearsal/told';
import { unclosedFindings } from '../rehearsal/unclosed';
import type { ReadFile } from './links';
import type { ToolDirectives } from '../layouts/directives/directive';
import { outsideTransaction } from '../layouts/directives/outsideTransaction';
import { severityOf } from '../layouts/migration';
import type { Link } from '../rehearsal/link';
import type { SeenMigration } from './ground';
import { followingFrom, isUnread, unreadUp } from './unread';

export type Demands = (file: ReadFile) => readonly Finding[];

/** What is known beside the migration itself. */
export interface Telling {
  /** Paths of the files that are still to be told of. */
  readonly waiting: ReadonlySet<string>;
  /** Outcomes of the migrations before this one, oldest first. */
  readonly earlier: readonly PlacedOutcome[];
  /** The last file among the migrations before this one that cannot be read. */
  readonly unread: Place | undefined;
  readonly where: Surroundings & PlaceChoice;
  /** Of the tool. */
  readonly directives: ToolDirectives;
  /** Of files that can still be edited. */
  readonly demands: Demands;
  readonly laps: Laps<CheckRoom>;
}

export function filesOf(
  result: LinkResult,
  read: SeenMigration,
  { waiting, earlier, unread, where, directives, demands, laps }: Telling,
): FileCheck[] {
  laps.enter('findings');
  const { up, down, ms, looked } = result;
  const [upPath, downPath] = [result.link.up.path, result.link.down?.path];
  const own = [...read.files.keys()];
  const before = unreadUp(read) ?? unread;
  return [...read.files.values()]
    .filter(({ path }) => waiting.has(path) && (path === upPath || path === downPath))
    .map((file) => {
      const findings = [
        ...problemsOf(file, read),
        ...stateFindings(file, read),
        ...(read.state === 'pending' ? demands(file) : []),
        ...(file.path === upPath ? doubted(unread, findingsOf(up, file.text, earlier, where, own)) : []),
        ...(file.path === upPath && result.link !== read.verify ? unclosedFindings(result.link.up.scripts, up) : []),
        ...(file.path === downPath
          ? ofDown([
              ...doubted(before, findingsOf(down, file.text, [...earlier, ...up], where, own)),
              ...unclosedFindings(result.link.down?.scripts ?? [], down),
            ])
          : []),
      ];
      const advised = withAdvice(findings, file, [...up, ...down], result.link, directives);
      const outcomes = outcomesOf([...up, ...down].filter(({ path }) => path === file.path));
      return {
        path: file.path,
        version: read.migration.version,
        ms,
        rooms: laps.take(),
        rehearsedOn: where.on,
        placeBecause: where.placeBecause,
        placeLimits: where.placeLimits,
        statements: outcomes.length,
        findings: advised.toSorted(byPlace),
        rows: where.rows,
        outcomes,
        ...(file.path === upPath && !looked ? { unlooked: true as const } : {}),
      };
    });
}

/** How to get a statement out of the transaction in which Postgres refuses it. */
function withAdvice(
  findings: readonly Finding[],
  { path, text }: ReadFile,
  outcomes: readonly PlacedOutcome[],
  { up, down }: Link,
  directives: ToolDirectives,
): readonly Finding[] {
  const isStuck = (outcome: PlacedOutcome): boolean =>
    outcome.kind === 'refused' && outcome.shape.outsideTransaction && outcome.refusal.sqlState === '25001';
  const stuck = outcomes.filter((it) => it.path === path && isStuck(it));
  if (stuck.length === 0) return findings;
  const scripts = [up, ...(down ? [down] : [])].filter((it) => it.path === path).flatMap((it) => it.scripts);
  return findings.map((finding) => {
    const outcome = finding.sqlState === '25001' && stuck.find((it) => holds(it.statement.range, finding.range.start));
    const script = outcome && scripts.find(({ range }) => holds(range, outcome.statement.range.start));
    if (!script) return finding;
    const { hint, ...fixes } = outsideTransaction(directives, text, finding.range.start, script);
    return { ...finding, hint: finding.hint === undefined ? hint : `${finding.hint} ${hint}`, ...fixes };
  });
}

const ofDown = (findings: readonly Finding[]): Finding[] => findings.map((it) => ({ ...it, direction: 'down' }));

function problemsOf(file: ReadFile, { migration }: SeenMigration): Finding[] {
  const alone = isUnread(file) && file.path === migration.upPath ? ' Later migrations are rehearsed without it.' : '';
  const problems = file.problems.map(({ range, severity, code, message, fixes }) => ({
    range,
    severity,
    code,
    message: `${message}${alone}`,
    ...(fixes && { fixes }),
  }));
  if (file.outside === undefined) return problems;
  const says = { severity: 'information', code: 'not-rehearsed', message: `${file.outside}${alone}` } as const;
  return [{ range: firstLine(file.text), ...says }, ...problems];
}

const doubted = (unread: Place | undefined, findings: Finding[]): Finding[] =>
  unread ? followingFrom(unread, findings) : findings;

function stateFindings(
  { path, text }: ReadFile,
  { migration, state, reason, isMeant, gap, twice }: SeenMigration,
): Finding[] {
  if (path !== migration.upPath) return [];
  const range = firstLine(text);
  const concern = concerns[state];
  const about = { severity: 'information', code: 'version-gap' } as const;
  return [
    ...(reason === undefined || !concern || isMeant
      ? []
      : [{ range, severity: 'warning' as const, message: reason, ...concern }]),
    ...(twice ? [{ range, severity: severityOf(twice), code: 'version-twice', message: twice.message }] : []),
    ...(gap === undefined ? [] : [{ range, message: gap, ...about }]),
  ];
}

const concerns: Readonly<Partial<Record<MigrationState, Pick<Finding, 'code'>>>> = {
  edited: { code: 'edited-after-apply' },
  skipped: { code: 'never-runs' },
  pending: { code: 'out-of-order' },
};
