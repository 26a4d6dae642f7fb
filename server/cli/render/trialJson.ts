/** What a trial has found, as one JSON value. */
import type { TrialPass, TrialReport, TrialResult } from '../../engine/project';
import { jsonFinding, jsonSnapshot, rounded } from './json';
import type { Places } from './places';

export function jsonTrial(result: Exclude<TrialResult, { readonly kind: 'busy' }>, places: Places) {
  switch (result.kind) {
    case 'nothing':
    case 'cancelled':
      return result;
    case 'tried':
      return { kind: result.kind, ...jsonReport(result.report, places) };
    case 'refused': {
      const { kind, version, pass, finding, state, rows, report } = result;
      const refused = { version, pass, path: places.path(finding.path), finding: jsonFinding(finding, places), state };
      const refusal = { ...refused, ...(rows && { rows }) };
      return { kind, ...refusal, ...jsonReport(report, places) };
    }
  }
}

function jsonReport(report: TrialReport, places: Places) {
  const { copied, passes, end, ms, server, changes, lost, roundTrip } = report;
  return {
    server,
    copied: { ...copied, ms: rounded(copied.ms) },
    passes: passes.map((it) => jsonPass(it, places)),
    changes,
    lost,
    roundTrip,
    end: end.kind === 'swapped' ? { kind: end.kind, kept: jsonSnapshot(end.kept) } : end,
    ms: rounded(ms),
  };
}

function jsonPass({ pass, migrations, ms }: TrialPass, places: Places) {
  return {
    pass,
    ms: rounded(ms),
    migrations: migrations.map(({ path, statements, ms: spent, ...migration }) => ({
      ...migration,
      path: places.path(path),
      ms: rounded(spent),
      statements: statements.map(({ range, ms: taken, rows, locks, rewrites }) => {
        const { path: _, ...where } = places.show({ path, range });
        return { ...where, ms: rounded(taken), rows, locks, rewrites };
      }),
    })),
  };
}
