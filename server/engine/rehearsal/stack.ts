/**
 * One open transaction on a shadow, with a savepoint before each statement: an edit goes back to the first statement
 * that changed, and runs from there.
 *
 * Only for scripts that neither begin nor end transactions or savepoints of their own.
 */
import type { Session } from '../database/session';
import type { Shadow } from '../shadow/place';
import type { Move, StatementMove } from './moves';
import type { Marks } from './observation/observing';
import { isRunaway } from './outcome';
import { isRead, type RunLimits, throwIfTrouble, tryStep } from './run';
import { mayUseSequences, putBackSequences, readSequences, type Sequence } from './sequences';
import { keepsSavepoint, type Position } from './spacing';
import { leavesTraces } from './traces';

/** A move that was made, and how to take it back. */
interface Entry {
  readonly move: Move;
  /** Stands just before it; undefined when there is none to go back to. */
  readonly savepoint: string | undefined;
  /** As they were before it, when it may have used them. */
  readonly sequences?: readonly Sequence[];
}

/** After so many edits the catalogs are full of dead rows, and locks of tables that are gone have piled up. */
const mostEdits = 200;

/** A class because it is what a session stands at. Nothing else is done with that session until `end`. */
export class Stack {
  /** What is observed goes on from them; only those behind moves that it stands upon are true. */
  readonly marks: Marks = new Map();
  private readonly entries: Entry[] = [];
  /** Where the transaction has to go back to first: what ran last was refused, cut off or taken back. */
  private undo: string | undefined;
  /** Sequences as they were before the statement that is running: it takes numbers for good, also when it is cut off. */
  private unsettled: readonly Sequence[] | undefined;
  /** A savepoint that need not be kept. */
  private spare: string | undefined;
  private open = false;
  private savepoints = 0;
  private edits = 0;

  constructor(private readonly shadow: Shadow) {}

  /** Whether a new shadow would be quicker by now. */
  get isWornOut(): boolean {
    return this.edits >= mostEdits;
  }

  /**
   * Makes these moves, in their order and none besides, upon what is committed. What was made before is not made again.
   * What statements do is told to their states; when the session is lost on the way, those behind stay unknown.
   *
   * @param onMade called after each move that was made now
   * @returns `left` when a statement has ended the transaction: then it is no script for a stack, and this one is over
   * @throws {Fault} `connection-lost`, `disk-full`
   * @throws the reason of the signal; the stack stands before the move that was cut off
   */
  async bring(
    moves: readonly Move[],
    limits: RunLimits,
    signal: AbortSignal,
    onMade: () => void,
  ): Promise<'stands' | 'left'> {
    await this.settle();
    const other = this.entries.findIndex(({ move: { state } }, i) => state !== moves[i]?.state);
    const edited = other < 0 ? this.entries.length : other;
    if (other >= 0) await this.goTo(this.goal(other));
    for (let at = this.entries.length; at < moves.length && !this.session.lost; at++) {
      signal.throwIfAborted();
      const move = moves[at];
      if (!move) break;
      await this.make(move, { at, of: moves.length, edited }, limits, signal);
      if (!this.session.lost && this.open && this.session.transaction === 'idle') return 'left';
      onMade();
    }
    return 'stands';
  }

  /** Asks something of the state that it stands in. What is done there must be taken back by who does it. */
  async aside<T>(ask: (session: Session) => Promise<T>): Promise<T> {
    for (const sql of this.ready()) await this.session.run(sql);
    return ask(this.session);
  }

  /** Takes everything back; the session is then what it was when it was opened. */
  async end(): Promise<void> {
    await this.settle();
    if (this.entries.length > 0 || this.open) await this.goTo(0);
    if (!this.session.lost) await this.shadow.startOver(this.session);
  }

  private get session(): Session {
    return this.shadow.session;
  }

  /** How many moves can stay when all but the first `count` have to go. */
  private goal(count: number): number {
    // To go back nearly to the beginning takes Postgres longer than to begin anew.
    if (count < this.entries.length / 4 || this.entries.some(hasTraces)) return 0;
    const back = this.entries.slice(0, count + 1).findLastIndex(({ savepoint }) => savepoint !== undefined);
    return Math.max(0, back);
  }

  /** Takes back all but the first `count` moves. */
  private async goTo(count: number): Promise<void> {
    this.edits++;
    const sequences = this.entries.slice(count).find((it) => it.sequences)?.sequences;
    const savepoint = count > 0 ? this.entries[count]?.savepoint : undefined;
    this.spare = undefined;
    if (savepoint === undefined) await this.rollBack();
    else {
      this.drop(count);
      this.undo = savepoint;
    }
    if (sequences) await this.putBack(sequences);
  }

  /** What a statement that was cut off has taken from sequences is put back. */
  private async settle(): Promise<void> {
    const { unsettled } = this;
    this.unsettled = undefined;
    if (unsettled) await this.putBack(unsettled);
  }

  private drop(from: number): void {
    for (const { move } of this.entries.splice(from)) this.marks.delete(move.state);
  }

  private async rollBack(): Promise<void> {
    const traces = this.entries.some(hasTraces);
    this.drop(0);
    this.undo = undefined;
    const { open, session } = this;
    this.open = false;
    if (open && !session.lost && session.transaction !== 'idle') await session.run('rollback');
    if (traces && !session.lost) await this.shadow.startOver(session);
  }

  private async putBack(sequences: readonly Sequence[]): Promise<void> {
    if (this.session.lost || sequences.length === 0) return;
    if (this.undo !== undefined) await this.session.run(`rollback to savepoint ${this.undo}`);
    await putBackSequences(this.session, sequences);
  }

  private make(move: Move, place: Position, limits: RunLimits, signal: AbortSignal): Promise<void> {
    switch (move.kind) {
      case 'begin':
        return this.beginScript(move);
      case 'statement':
        return this.runStatement(move, place, limits, signal);
      case 'end':
        return this.endScript(move, limits);
    }
  }

  /**
   * Each script comes over a connection of its own, with the constraints of a new transaction; where its statements are
   * committed one by one, nothing is deferred.
   */
  private async beginScript(move: Move): Promise<void> {
    const immediate = move.mode === 'statements' ? ['set constraints all immediate'] : [];
    if (this.entries.length === 0) {
      if (immediate.length > 0) await this.session.run(immediate.join(), { ahead: this.ready() });
      this.entries.push({ move, savepoint: undefined });
      return;
    }
    if (this.entries.at(-1)?.move.state.refusedAtEnd) await this.undoScript();
    const { savepoint, ahead } = this.guard();
    for (const sql of ahead) await this.session.run(sql);
    await this.shadow.startScript(this.session);
    await this.session.run([deferAgain, ...immediate].join(';'));
    this.undo = undefined;
    this.entries.push({ move, savepoint });
  }

  /** The commit of the script before is refused, so that nothing of it stands; its savepoints go with it. */
  private async undoScript(): Promise<void> {
    const begin = this.entries.findLastIndex(({ move }) => move.kind === 'begin');
    const savepoint = this.entries[begin]?.savepoint;
    for (const [i, entry] of this.entries.entries())
      if (i > begin) this.entries[i] = { ...entry, savepoint: undefined };
    this.spare = undefined;
    this.undo = savepoint;
    if (savepoint !== undefined || !this.open) return;
    this.open = false;
    await this.session.run('rollback');
  }

  private async runStatement(
    move: StatementMove,
    place: Position,
    limits: RunLimits,
    signal: AbortSignal,
  ): Promise<void> {
    const { step, state } = move;
    const { session } = this;
    const isOver = step.skip && (!isRead(step) || (state.known && !limits.watch));
    if (isOver || (state.known && isRunaway(state.known.outcome))) {
      if (!state.known) state.learn(await tryStep(session, step, limits, signal), step);
      this.entries.push({ move, savepoint: undefined });
      return;
    }
    this.marks.delete(state);
    const isShared = this.undo !== undefined;
    const { savepoint, ahead } = this.guard();
    const using = mayUseSequences(step);
    if (using) for (const sql of ahead) await session.run(sql);
    const sequences = using ? await readSequences(session) : undefined;
    this.unsettled = sequences;
    const outcome = await tryStep(session, step, limits, signal, { ahead: using ? [] : ahead, savepoint });
    // What was cut off by us says nothing about the statement.
    signal.throwIfAborted();
    state.learn(outcome, step);
    // One that was there already may be what an earlier entry goes back to.
    const kept = isShared || outcome.kind !== 'ran' || keepsSavepoint(place);
    if (outcome.kind === 'ran') this.undo = undefined;
    if (!kept) this.spare = savepoint;
    this.unsettled = undefined;
    this.entries.push({ move, savepoint: kept ? savepoint : undefined, ...(sequences && { sequences }) });
  }

  /** The constraints that wait for the end of the script. */
  private async endScript(move: Move, limits: RunLimits): Promise<void> {
    const { savepoint, ahead } = this.guard();
    const answer = await this.session.run('set constraints all immediate', { timeoutMs: limits.statementMs, ahead });
    if (answer.kind === 'refused') {
      throwIfTrouble(answer.refusal, this.session);
      move.state.refusedAtEnd = answer.refusal;
    } else this.undo = undefined;
    move.state.tried = true;
    this.entries.push({ move, savepoint });
  }

  /** What has to be run before the next move: the end of what is undone, and a savepoint to come back to. */
  private guard(): { readonly savepoint: string; readonly ahead: readonly string[] } {
    const ahead = this.ready();
    const savepoint = this.undo ?? `rehearsal_${this.savepoints++}`;
    if (this.undo === undefined) ahead.push(`savepoint ${savepoint}`);
    // Until it is known to have run.
    this.undo = savepoint;
    return { savepoint, ahead };
  }

  private ready(): string[] {
    const { open, undo, spare } = this;
    this.open = true;
    this.spare = undefined;
    if (!open) return ['begin'];
    if (undo !== undefined) return [`rollback to savepoint ${undo}`];
    return spare === undefined ? [] : [`release savepoint ${spare}`];
  }
}

const hasTraces = ({ move }: Entry): boolean => move.kind === 'statement' && leavesTraces(move.step);

/** Those that are deferred at the beginning of every transaction. */
const deferAgain = `
  do $$
  declare
    constraints text;
  begin
    select pg_catalog.string_agg(pg_catalog.format('%I.%I', n.nspname, c.conname), ', ') into constraints
      from pg_catalog.pg_constraint c join pg_catalog.pg_namespace n on n.oid = c.connamespace
     where c.condeferred;
    if constraints is not null then
      execute 'set constraints ' operator(pg_catalog.||) constraints operator(pg_catalog.||) ' deferred';
    end if;
  end $$`;
