/** What the target's rows say, as a finding. */
import type { Finding } from '../project';
import { type Answer, idOf, mostCounted, type Probe } from './probe';

/** @returns undefined when nothing is at fault, or nobody knows */
export function findingOf(probe: Probe, answer: Answer): Finding | undefined {
  const { range, says } = probe;
  if (answer.kind !== 'some') return undefined;
  const { count, sqlState, refusal } = answer;
  const many = count === undefined ? `some ${says.many}` : `${numberOf(count)} ${count === 1 ? says.one : says.many}`;
  return {
    range,
    severity: 'error',
    code: 'rows-refuse',
    sqlState,
    message: `${many} (${refusal})`,
    rows: idOf(probe),
  };
}

const numberOf = (count: number): string =>
  count > mostCounted ? `more than ${mostCounted.toLocaleString('en')}` : count.toLocaleString('en');
