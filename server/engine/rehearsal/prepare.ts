/** Cuts a script into the steps of its rehearsal, and decides which of them must not be run here. */
import type { LayoutName, Script } from '../layouts/layout';
import { shapeOf } from '../sql/parse';
import { statementsOf } from '../sql/scan';
import type { Shape, Statement } from '../sql/statement';
import type { SkipReason } from './outcome';
import type { Rehearsal } from './rehearse';
import type { Step } from './run';

export interface Policy {
  /** Others live on the shadow's server: nothing that reaches outside a database is run. */
  readonly shared: boolean;
  readonly layout: LayoutName;
  /** Functions known to reach outside, with what they do: of the live schema and of earlier scripts. */
  readonly reaching: Map<string, string>;
}

/** @param text the whole file; the steps' ranges are those of the file */
export function prepare(text: string, script: Script, policy: Policy): Rehearsal {
  const steps = statementsOf(text, script.range).map((statement) => stepOf(statement, policy));
  return { mode: script.mode, steps };
}

function stepOf(statement: Statement, policy: Policy): Step {
  const shape = shapeOf(statement.text);
  const step = { statement, shape, skip: skipOf(statement, shape, policy) };
  for (const { name, says } of shape.defines) policy.reaching.set(name, says);
  return step;
}

function skipOf(statement: Statement, shape: Shape, { shared, layout, reaching }: Policy): SkipReason | undefined {
  // The tools of the other layouts send such a line to Postgres, which refuses it: so does the rehearsal.
  if (statement.kind === 'psql' && layout === 'numbered') return { kind: 'psql' };
  const reach = shape.reaches.find(({ where }) => where === 'machine' || shared);
  if (reach) return { kind: 'reaches', says: reach.says };
  const called = [...shape.calls].find((name) => reaching.has(name));
  return called === undefined
    ? undefined
    : { kind: 'reaches', says: `calls ${called}(), which ${reaching.get(called) ?? 'reaches outside the database'}` };
}
