/**
 * A second look at a script that has run: what is wrong with the bodies of its functions, and which routines it breaks.
 *
 * Postgres lets both pass, and to find out takes longer than to run the script; so it comes after the answer.
 */
import { flat, shifted } from '../base/text';
import type { Session } from '../database/session';
import type { Shape } from '../sql/statement';
import { brokenRoutines, type Risk, routinesAtRisk } from './bodies/broken';
import { checkBody, holdsBody } from './bodies/checkBody';
import type { StatementMove } from './moves';
import type { RunLimits } from './run';
import type { Look, Seen, State } from './state';

/** Routines that may break, by the moves that may break them. */
export type Risks = ReadonlyMap<StatementMove, Risk>;

/**
 * To be taken on the state behind the script.
 *
 * @param risks of routines that may be broken now, as they were before the script
 * @throws the reason of the signal, between two bodies
 */
export async function lookAt(
  session: Session,
  moves: readonly StatementMove[],
  risks: Risks,
  limits: RunLimits,
  signal: AbortSignal,
): Promise<Look> {
  const look = new Map<State, Seen>();
  for (const [i, move] of moves.entries()) {
    signal.throwIfAborted();
    if (!hasRun(move)) continue;
    const { statement, shape } = move.step;
    const checked = holdsBody(shape) && !(isOver(shape) && moves.slice(i + 1).some(takesAway));
    const bodies = checked ? await checkBody(session, statement, shape, limits) : [];
    const risk = risks.get(move);
    const breaks = risk ? await brokenRoutines(session, risk, limits) : [];
    const own = bodies.map((it) => ({ ...it, range: shifted(it.range, -statement.range.start) }));
    if (own.length + breaks.length > 0) look.set(move.state, { text: flat(statement.text), bodies: own, breaks });
  }
  return look;
}

/** To be taken on the state before the script. */
export async function risksOf(
  session: Session,
  moves: readonly StatementMove[],
  limits: RunLimits,
  signal: AbortSignal,
): Promise<Risks> {
  const risks = new Map<StatementMove, Risk>();
  for (const move of moves) {
    signal.throwIfAborted();
    if (!takesAway(move)) continue;
    const risk = await routinesAtRisk(session, move.step.statement, move.step.shape, limits);
    if (risk) risks.set(move, risk);
  }
  return risks;
}

/** On the state behind the script: whether anything is wrong with a routine that it may have broken. */
export async function isAnythingWrong(
  session: Session,
  moves: readonly StatementMove[],
  limits: RunLimits,
  signal: AbortSignal,
): Promise<boolean> {
  const risks = await risksOf(session, moves.filter(hasRun), limits, signal);
  return [...risks.values()].some((risk) => [...risk.values()].some(({ known }) => known.size > 0));
}

/** Nothing is asked of the server for scripts that neither hold bodies nor alter or drop anything. */
export const isWorthALook = (moves: readonly StatementMove[]): boolean =>
  moves.some((move) => holdsBody(move.step.shape) || takesAway(move));

const hasRun = ({ state }: StatementMove): boolean => state.known?.outcome.kind === 'ran';

const takesAway = ({ step: { shape } }: StatementMove): boolean => /^(?:Alter|Drop|Rename)/.test(shape.node);

/** A DO block has done its work: what is taken away behind it concerns it no more. */
const isOver = ({ node }: Shape): boolean => node === 'DoStmt';
