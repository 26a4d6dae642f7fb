/** Values for scripts: what `--format json` prints, one value per command. */
import { dirname, join } from 'node:path';
import type { Fix } from '../../engine/layouts/layout';
import { type PlacedProblem, severityOf } from '../../engine/layouts/migration';
import type {
  Check,
  FileCheck,
  Finding,
  MigrationState,
  Place,
  Project,
  Snapshot,
  StatementOutcome,
  Status,
} from '../../engine/project';
import type { Places } from './places';
import { isOutOfOrder } from './status';

export interface JsonFinding {
  /** From 1; columns in UTF-16 code units, the end is exclusive. */
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
  readonly severity: Finding['severity'];
  /** In a down script. */
  readonly direction?: 'down';
  readonly code: string;
  readonly sqlState?: string;
  readonly message: string;
  readonly detail?: string;
  readonly hint?: string;
  /** The refusal that this one follows from. */
  readonly consequenceOf?: { readonly path: string; readonly line: number; readonly column: number };
  /** What would mend it, best first; the edits of one are all made at once. */
  readonly fixes?: readonly { readonly title: string; readonly edits: readonly JsonEdit[] }[];
}

/** As a finding places itself; `text` is to stand there instead. */
export type JsonEdit = Pick<JsonFinding, 'line' | 'column' | 'endLine' | 'endColumn'> & {
  readonly text: string;
  /** Left out for the file that the finding is in. */
  readonly path?: string;
};

export interface JsonFile {
  readonly path: string;
  readonly ms: number;
  readonly findings: readonly JsonFinding[];
  /** What each statement did, in their order. */
  readonly outcomes: readonly JsonOutcome[];
}

/** The fields of a StatementOutcome, with its place as that of a finding. */
export type JsonOutcome = Pick<JsonFinding, 'line' | 'column' | 'endLine' | 'endColumn'> &
  Readonly<Record<string, unknown>>;

/** What is wrong with a folder as a whole. */
export const jsonProblem = (problem: PlacedProblem, places: Places) => ({
  path: places.path(problem.path),
  severity: severityOf(problem),
  message: problem.message,
});

export function jsonFile({ path, ms, findings, outcomes }: FileCheck, places: Places): JsonFile {
  return {
    path: places.path(path),
    ms: rounded(ms),
    findings: findings.map((finding) => jsonFinding({ ...finding, path }, places)),
    outcomes: outcomes.map((outcome) => jsonOutcome(outcome, path, places)),
  };
}

function jsonOutcome({ range, ...outcome }: StatementOutcome, path: string, places: Places): JsonOutcome {
  const { path: _, ...where } = places.show({ path, range });
  return { ...where, ...outcome, ...('ms' in outcome ? { ms: rounded(outcome.ms) } : {}) };
}

export function jsonFinding(finding: Finding & Place, places: Places): JsonFinding {
  const { path: _, ...where } = places.show(finding);
  const { severity, direction, code, sqlState, message, detail, hint, consequenceOf, fixes } = finding;
  const cause = consequenceOf && places.show(consequenceOf);
  return {
    ...where,
    severity,
    ...(direction !== undefined && { direction }),
    code,
    ...(sqlState !== undefined && { sqlState }),
    message,
    ...(detail !== undefined && { detail }),
    ...(hint !== undefined && { hint }),
    ...(cause && { consequenceOf: { path: cause.path, line: cause.line, column: cause.column } }),
    ...(fixes && { fixes: fixes.map((fix) => jsonFix(fix, finding.path, places)) }),
  };
}

function jsonFix({ title, edits, path: beside }: Fix, path: string, places: Places) {
  const file = beside === undefined ? path : join(dirname(path), beside);
  return {
    title,
    edits: edits.map(({ range, text }): JsonEdit => {
      const { path: shown, ...where } = places.show({ path: file, range });
      return { ...where, text, ...(beside === undefined ? {} : { path: shown }) };
    }),
  };
}

export function jsonEngine(
  version: string,
  checks: readonly { readonly project: Project; readonly check: Check; readonly status: Status }[],
  places: Places,
) {
  return {
    version,
    ms: rounded(checks.reduce((sum, { check }) => sum + check.ms, 0)),
    projects: checks.map(({ project, status, check: { ms, ...where } }) => ({
      ...jsonProject(project, places),
      ...where,
      ms: rounded(ms),
      history: jsonHistory(status),
    })),
  };
}

/** Versions that are in the way, by what is wrong with them. */
function jsonHistory({ migrations }: Status) {
  const versionsOf = (state: MigrationState) => migrations.filter((it) => it.state === state).map((it) => it.version);
  return {
    edited: versionsOf('edited'),
    missing: versionsOf('missing'),
    skipped: versionsOf('skipped'),
    outOfOrder: migrations.filter(isOutOfOrder).map((it) => it.version),
  };
}

export function jsonProject({ folder, target }: Project, places: Places) {
  return { folder: places.path(folder.path), layout: folder.layout.name, target: target.label };
}

export function jsonSnapshot(snapshot: Snapshot) {
  const { id, name, pinned, branch, branchGone, taken, reason, kind, bytes, version, target } = snapshot;
  return {
    id,
    ...(name !== undefined && { name }),
    ...(pinned && { pinned }),
    ...(branch !== undefined && { branch }),
    ...(branchGone && { branchGone }),
    taken,
    reason,
    kind,
    bytes,
    ...(version !== undefined && { version }),
    target,
  };
}

/** Whole values on one line each are for pipes; this is what `jq` and people read alike. */
export const printed = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`;

/** Milliseconds with one digit after the point: more would claim a precision that is not there. */
export const rounded = (ms: number): number => Math.round(ms * 10) / 10;
