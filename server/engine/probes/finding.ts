/** What the target's rows say, as a finding. */
import type { Finding } from '../project';
import { type Answer, idOf, mostCounted, type Probe } from './probe';

/** @returns undefined when nothing is at fault, or nobody knows */
export function findingOf(probe: Probe, answer: Answer): Finding | undefined {
  const { range, says } = probe;
  if (answer.kind !== 'some') return undefined;
  const { sqlState, refusal } = answer;
  return {
    range,
    severity: 'error',
    code: 'rows-refuse',
    sqlState,
    message: `${countInWords(says, answer)} (${refusal})`,
    rows: idOf(probe),
  };
}

/** `2 rows of orders have no email`. */
export const countInWords = ({ one, many }: Probe['says'], { count }: Extract<Answer, { kind: 'some' }>): string =>
  count === undefined ? `some ${many}` : `${numberOf(count)} ${count === 1 ? one : many}`;

const numberOf = (count: number): string =>
  count > mostCounted ? `more than ${mostCounted.toLocaleString('en')}` : count.toLocaleString('en');
