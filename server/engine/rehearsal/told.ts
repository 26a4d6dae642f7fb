/** Outcomes for the faces: plain values, without what only the engine needs. */
import { byPlace } from '../base/text';
import type { StatementOutcome } from '../project';
import type { PlacedOutcome } from './outcome';

/** In the order of the file. */
export const outcomesOf = (outcomes: readonly PlacedOutcome[]): StatementOutcome[] =>
  outcomes.map(told).toSorted(byPlace);

function told(outcome: PlacedOutcome): StatementOutcome {
  const { range } = outcome.statement;
  switch (outcome.kind) {
    case 'ran': {
      const { ms, notices, rows, observation } = outcome;
      return {
        kind: 'ran',
        range,
        ms,
        notices,
        ...(rows === undefined ? {} : { rows }),
        ...(observation === undefined ? {} : { observation }),
      };
    }
    case 'refused': {
      const { ms, refusal } = outcome;
      return { kind: 'refused', range, ms, sqlState: refusal.sqlState, message: refusal.message };
    }
    case 'ended':
      return { kind: 'ended', range, message: outcome.message };
    case 'skipped':
      return { kind: 'skipped', range, reason: outcome.reason.kind };
  }
}
