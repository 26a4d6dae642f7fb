/** Cuts a script into the steps of its rehearsal, and decides which of them must not be run here. */
import type { LayoutName, Script } from '../layouts/layout';
import { shapeOf } from '../sql/parse';
import { statementsOf } from '../sql/scan';
import type { Reach, Shape, Statement } from '../sql/statement';
import type { SkipReason } from './outcome';
import type { Rehearsal } from './rehearse';
import type { Step } from './run';

export interface Policy {
  /** Others live on the shadow's server: nothing that reaches outside a database is run. */
  readonly shared: boolean;
  readonly layout: LayoutName;
  /** What is known to reach outside when it is used: functions and views of earlier statements. Grows here. */
  readonly reaching: Map<string, Reach>;
}

/** @param text the whole file; the steps' ranges are those of the file */
export function prepare(text: string, script: Script, policy: Policy): Rehearsal {
  const steps = statementsOf(text, script.range).map((statement) => stepOf(statement, policy));
  return { mode: script.mode, steps };
}

function stepOf(statement: Statement, policy: Policy): Step {
  const shape = shapeOf(statement.text);
  const step = { statement, shape, skip: skipOf(statement, shape, policy) };
  learn(shape, policy.reaching);
  return step;
}

/** What this statement makes that reaches outside, by itself or by what it calls. */
export function learn({ defines, relays }: Shape, reaching: Map<string, Reach>): void {
  for (const { name, where, says } of defines) reaching.set(name, { where, says });
  for (const { name, calls } of relays) {
    const called = reachedBy(calls, reaching);
    if (called) reaching.set(name, { where: called.reach.where, says: calling(called) });
  }
}

function skipOf(statement: Statement, shape: Shape, { shared, layout, reaching }: Policy): SkipReason | undefined {
  // The tools of the other layouts send such a line to Postgres, which refuses it: so does the rehearsal.
  if (statement.kind === 'psql' && layout === 'numbered') return { kind: 'psql' };
  const forbidden = ({ where }: Reach) => where === 'machine' || shared;
  const reach = shape.reaches.find(forbidden);
  if (reach) return { kind: 'reaches', says: reach.says };
  const called = reachedBy(shape.calls, reaching);
  return called && forbidden(called.reach) ? { kind: 'reaches', says: calling(called) } : undefined;
}

interface Called {
  readonly name: string;
  readonly reach: Reach;
}

function reachedBy(calls: ReadonlySet<string>, reaching: ReadonlyMap<string, Reach>): Called | undefined {
  for (const name of calls) {
    const reach = reaching.get(name);
    if (reach) return { name, reach };
  }
  return undefined;
}

const calling = ({ name, reach }: Called): string => `uses ${name}, which ${reach.says}`;
