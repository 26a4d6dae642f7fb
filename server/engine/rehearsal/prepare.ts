/** Cuts a script into the steps of its rehearsal, and decides which of them must not be run here. */
import type { ReadByPsql, Script } from '../layouts/layout';
import { messagesIn, statementsIn } from '../layouts/statements';
import { shapeOf } from '../sql/parse';
import { psqlVariableAt } from '../sql/psqlVariables';
import type { ReachingNames } from '../sql/reach';
import { rescanned, type Scanned } from '../sql/rescan';
import type { Reach, Shape, Statement } from '../sql/statement';
import type { Rehearsal } from './commit';
import type { SkipReason } from './outcome';
import type { Step } from './run';

export interface Policy {
  /** Others live on the shadow's server: nothing that reaches outside a database is run. */
  readonly shared: boolean;
  readonly psql?: ReadByPsql | undefined;
  /** What earlier statements have made that reaches outside when it is used. Grows here. */
  readonly reaching: ReachingNames;
}

/** A script before it was edited. */
export interface Former extends Omit<Scanned, 'statements'> {
  readonly steps: readonly Step[];
  /** What reaches outside before it was the same. */
  readonly isKnown: boolean;
}

/**
 * @param text the whole file; the steps' ranges are those of the file
 * @param former the same script, when it is known; its steps before the edit are used again
 */
export function prepare(text: string, script: Script, policy: Policy, former?: Former): Rehearsal {
  const scanned = former && { ...former, statements: former.steps.map(({ statement }) => statement) };
  const statements = scanned && !script.pieces ? rescanned(scanned, text, script.range) : statementsIn(text, script);
  const together = sharedMessages(text, script);
  let isBefore = former?.isKnown === true;
  const steps = statements.map((statement, i) => {
    const step = former?.steps[i];
    const message = together.get(statement);
    isBefore &&= step?.statement === statement && step.message === message;
    if (!step || !isBefore) {
      const made = stepOf(text, statement, policy, script);
      return message === undefined ? made : { ...made, message };
    }
    policy.reaching.learn(step.shape);
    return step;
  });
  return { mode: script.mode, steps };
}

/** Only where the tool wraps nothing around them it matters which statements share a message. */
function sharedMessages(text: string, script: Script): ReadonlyMap<Statement, number> {
  const messages = script.mode === 'statements' ? (messagesIn(text, script) ?? []) : [];
  return new Map(messages.flatMap((message, i) => (message.length > 1 ? message.map((it) => [it, i] as const) : [])));
}

function stepOf(text: string, statement: Statement, policy: Policy, { messageMs }: Script): Step {
  const shape = shapeOf(statement.text);
  // Known first: it may be called unseen by what it is made for, as soon as it is made.
  policy.reaching.learn(shape);
  const skip = skipOf(statement, shape, policy);
  const step = { statement, shape, skip, rowsStart: rowsStartOf(text, statement) };
  return messageMs === undefined ? step : { ...step, givenUpMs: messageMs };
}

/** Rows begin on the line after the statement. */
function rowsStartOf(text: string, { kind, copyData, range }: Statement): number | undefined {
  if (kind !== 'copyIn' || copyData === undefined) return undefined;
  const lineEnd = text.indexOf('\n', range.end);
  return lineEnd < 0 ? undefined : lineEnd + 1;
}

function skipOf(statement: Statement, shape: Shape, { shared, psql, reaching }: Policy): SkipReason | undefined {
  // Where the tool sends such a line to Postgres, which refuses it, so does the rehearsal.
  if (statement.kind === 'psql' && psql !== undefined) return { kind: 'psql' };
  if (psql === 'surely' && psqlVariableAt(statement.text) !== undefined) return { kind: 'psql' };
  const isOut = ({ where }: Reach): boolean => where === 'machine' || shared;
  const reach = reaching.reachesOf(shape).find(isOut);
  if (reach) return { kind: 'reaches', says: reach.says, unread: reaching.reachesByTypes(shape) };
  const hidden = reaching.reachesUnseen(shape).find(isOut);
  return hidden && { kind: 'reaches', says: hidden.says };
}
