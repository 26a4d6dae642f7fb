/**
 * One open transaction on a shadow with savepoints: an edit goes back to the first statement that changed, or a few
 * before it, and runs from there.
 *
 * Only for scripts that neither begin nor end transactions or savepoints of their own.
 */
import type { Session } from '../database/session';
import type { Shadow } from '../shadow/place';
import type { Move, StatementMove } from './moves';
import { Marks } from './observation/observing';
import { isRunaway } from './outcome';
import { isRead, type Running, throwIfTrouble, tryStep } from './run';
import {
  committedSequences,
  holdsMore,
  mayUseSequences,
  putBackSequences,
  readSequences,
  type Sequence,
  type SequenceMemo,
} from './sequences';
import { needsSavepoint, type Position } from './spacing';
import { leavesTraces } from './traces';

/** A savepoint to go back to. */
interface Point {
  readonly savepoint: string;
  /** Those that the transaction had had to do with by then, as they were; a rollback does not put them back. */
  readonly sequences: readonly Sequence[];
}

/** A move that was made. */
interface Entry {
  readonly move: Move;
  /** Stands just before it; undefined when there is none to go back to. */
  readonly point: Point | undefined;
  /** It may have used sequences. */
  readonly uses: boolean;
  /** A rollback leaves something of it. */
  readonly leaves: boolean;
}

/** After so many edits the catalogs are full of dead rows, and locks of tables that are gone have piled up. */
const mostEdits = 200;

/** A class because it is what a session stands at. Nothing else is done with that session until `end`. */
export class Stack {
  /** What is observed goes on from them; only those behind moves that it stands upon are true. */
  readonly marks = new Marks();
  private readonly entries: Entry[] = [];
  /** Where the transaction has to go back to first: what ran last was refused, cut off or taken back. */
  private undo: Point | undefined;
  /** A statement that is running. Cut off, it has to be taken back like one that ran. */
  private unsettled: Entry | undefined;
  /** What scripts that were refused at their end have left of sequences, in transactions that are over. */
  private spent: readonly Sequence[] = [];
  private open = false;
  /** A statement that was taken back has locked a sequence, and it is locked still. */
  private leftLocks = false;
  private savepoints = 0;
  private edits = 0;

  /** @param committed of the state that it begins with */
  constructor(
    private readonly shadow: Shadow,
    private readonly committed: SequenceMemo,
  ) {}

  /** Whether a new shadow would be quicker by now. */
  get isWornOut(): boolean {
    return this.edits >= mostEdits;
  }

  /**
   * Makes these moves, in their order and none besides, upon what is committed. What was made before is not made again.
   * What statements do is told to their states; when the session is lost on the way, those behind stay unknown.
   *
   * @param onMade called after each move that was made now; after some more than once
   * @returns `left` when a statement has ended the transaction: then it is no script for a stack, and this one is over
   * @throws {Fault} `connection-lost`, `disk-full`
   * @throws the reason of the signal; the stack stands before the move that was cut off
   */
  async bring(moves: readonly Move[], running: Running, onMade: () => void): Promise<'stands' | 'left'> {
    await this.settle();
    const other = this.entries.findIndex(({ move: { state } }, i) => state !== moves[i]?.state);
    const edited = other < 0 ? this.entries.length : other;
    if (other >= 0) {
      this.edits++;
      await this.goTo(this.goal(other));
    }
    if (this.entries.length === 0 && !this.committed.values && moves.some((move) => entryOf(move).uses))
      await this.readCommitted();
    while (!this.session.lost) {
      running.signal.throwIfAborted();
      const at = this.entries.length;
      const move = moves[at];
      if (!move) break;
      await this.make(move, { at, of: moves.length, edited }, running);
      if (!this.session.lost && this.open && this.session.transaction === 'idle') return 'left';
      onMade();
    }
    return 'stands';
  }

  /**
   * Whether the transaction holds locks on sequences that nothing which stands has asked for (`readSequences`): nobody
   * could tell whether the next statement needs them.
   */
  get hasLeftLocks(): boolean {
    return this.leftLocks;
  }

  /** The next moves are made in a new transaction, which holds nothing. */
  async beginAnew(): Promise<void> {
    await this.settle();
    await this.goTo(0);
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
    if (count < this.entries.length / 4 || this.entries.some(({ leaves }) => leaves)) return 0;
    return Math.max(0, this.lastPoint(count));
  }

  /** Index of the last move that one can go back to just before; -1 when there is none. */
  private lastPoint(most = this.entries.length - 1): number {
    return this.entries.findLastIndex(({ point }, i) => i <= most && point !== undefined);
  }

  /** Takes back all but the first `count` moves. */
  private async goTo(count: number): Promise<void> {
    const point = count > 0 ? this.entries[count]?.point : undefined;
    if (point === undefined) return this.rollBack();
    const used = this.entries.slice(count).some(({ uses }) => uses);
    this.drop(count);
    this.undo = point;
    if (!used || this.session.lost) return;
    const before = [...(this.committed.values ?? []), ...this.spent, ...point.sequences];
    const now = await readSequences(this.session, backTo(point));
    this.leftLocks ||= holdsMore(now, point.sequences);
    await putBackSequences(this.session, before, now);
  }

  /** Takes back the last move, of which nothing stands, and what has run since the last savepoint. */
  private async takeBack(entry: Entry): Promise<void> {
    this.entries.push(entry);
    const last = this.lastPoint();
    const leaves = this.entries.slice(Math.max(0, last)).some((it) => it.leaves);
    await this.goTo(leaves ? 0 : last);
  }

  private async settle(): Promise<void> {
    const { unsettled } = this;
    this.unsettled = undefined;
    if (unsettled) await this.takeBack(unsettled);
  }

  /** Begins anew with what a rollback goes back to: a script may have begun a sequence anew. */
  private async readCommitted(): Promise<void> {
    await this.goTo(0);
    this.committed.values = await committedSequences(this.shadow);
  }

  private drop(from: number): void {
    for (const { move } of this.entries.splice(from)) this.marks.delete(move.state);
  }

  private async rollBack(): Promise<void> {
    const traces = this.entries.some(({ leaves }) => leaves);
    const { undo, session } = this;
    const used = this.open && !session.lost && this.entries.some(({ uses }) => uses);
    const now = [...this.spent, ...(used ? await readSequences(session, backTo(undo)) : [])];
    this.spent = [];
    this.drop(0);
    this.undo = undefined;
    await this.endTransaction();
    if (traces && !session.lost) await this.shadow.startOver(session);
    if (!session.lost) await putBackSequences(session, this.committed.values ?? [], now);
  }

  /** What it has locked goes with it. */
  private async endTransaction(): Promise<void> {
    const { open, session } = this;
    this.open = false;
    this.leftLocks = false;
    if (open && !session.lost && session.transaction !== 'idle') await session.run('rollback');
  }

  private make(move: Move, place: Position, running: Running): Promise<void> {
    switch (move.kind) {
      case 'begin':
        return this.beginScript(move);
      case 'statement':
        return this.runStatement(move, place, running);
      case 'end':
        return this.endScript(move, place, running);
    }
  }

  /**
   * Each script comes over a connection of its own, unless it joins the one before it, with the constraints of a new
   * transaction; where its statements are committed one by one, nothing is deferred.
   */
  private async beginScript(move: Extract<Move, { kind: 'begin' }>): Promise<void> {
    const immediate = move.mode === 'statements' ? ['set constraints all immediate'] : [];
    if (this.entries.length === 0) {
      if (immediate.length > 0) await this.session.run(immediate.join(), { ahead: this.ready() });
      this.entries.push(entryOf(move));
      return;
    }
    if (this.entries.at(-1)?.move.state.refusedAtEnd) await this.undoScript();
    const { point, ahead } = await this.guard();
    for (const sql of ahead) await this.session.run(sql);
    if (!move.joins) await this.shadow.startScript(this.session);
    await this.session.run([deferAgain, ...immediate].join(';'));
    this.undo = undefined;
    this.entries.push(entryOf(move, point));
  }

  /** The commit of the script before is refused, so that nothing of it stands; its savepoints go with it. */
  private async undoScript(): Promise<void> {
    const begin = this.entries.findLastIndex(({ move }) => move.kind === 'begin');
    const point = this.entries[begin]?.point;
    for (const [i, entry] of this.entries.entries()) if (i > begin) this.entries[i] = { ...entry, point: undefined };
    // The numbers that it has taken are gone for good.
    const sequences = await readSequences(this.session, backTo(point ?? this.undo));
    this.undo = point && { ...point, sequences };
    if (point || !this.open) return;
    this.spent = [...this.spent, ...sequences];
    await this.endTransaction();
  }

  private async runStatement(move: StatementMove, place: Position, running: Running): Promise<void> {
    const { step, state } = move;
    const { session } = this;
    const isOver = step.skip && (!isRead(step) || (state.known && !running.watch));
    if (isOver || (state.known && isRunaway(state.known.outcome))) {
      if (!state.known) state.learn(await tryStep(session, step, running), step);
      this.entries.push(entryOf(move));
      return;
    }
    this.marks.delete(state);
    if (!this.committed.values && mayUseSequences(step)) return this.readCommitted();
    const isGuarded = running.watch !== undefined || state.known?.outcome.kind === 'refused' || this.isDue(place);
    const { point, ahead } = isGuarded ? await this.guard() : this.unguarded();
    const entry = entryOf(move, point);
    this.unsettled = entry;
    const outcome = await tryStep(session, step, running, { ahead, savepoint: point?.savepoint });
    // What was cut off by us says nothing about the statement.
    running.signal.throwIfAborted();
    this.unsettled = undefined;
    state.learn(outcome, step);
    if (outcome.kind === 'ran') this.undo = undefined;
    // It is made again, with a savepoint, when what stood before it stands again. What is only read does no harm.
    else if (!point && !step.skip && !session.lost) return this.takeBack(entry);
    this.entries.push(entry);
    if (outcome.kind === 'refused' && point && entry.uses && !session.lost) await this.keepSpent(point);
  }

  /** What was refused has taken its numbers for good: the next statement begins with what is left. */
  private async keepSpent(point: Point): Promise<void> {
    this.undo = { ...point, sequences: await readSequences(this.session, backTo(point)) };
  }

  /** The constraints that wait for the end of the script. */
  private async endScript(move: Move, place: Position, { statementMs }: Running): Promise<void> {
    const { point, ahead } = move.state.refusedAtEnd || this.isDue(place) ? await this.guard() : this.unguarded();
    const answer = await this.session.run('set constraints all immediate', { timeoutMs: statementMs, ahead });
    if (answer.kind === 'refused') {
      throwIfTrouble(answer.refusal, this.session);
      move.state.refusedAtEnd = answer.refusal;
      // As a statement.
      if (!point) return this.takeBack(entryOf(move));
    } else this.undo = undefined;
    move.state.tried = true;
    this.entries.push(entryOf(move, point));
  }

  private isDue(place: Position): boolean {
    const last = this.lastPoint();
    if (last < 0) return true;
    const since = this.entries.slice(last);
    return needsSavepoint(place, {
      moves: since.length,
      ms: since.reduce((sum, { move }) => sum + msOf(move), 0),
      used: since.some(({ uses }) => uses),
    });
  }

  /** What has to be run before the next move: the end of what is undone, and a savepoint to come back to. */
  private async guard(): Promise<{ readonly point: Point; readonly ahead: readonly string[] }> {
    if (this.undo) return { point: this.undo, ahead: this.ready() };
    const last = Math.max(0, this.lastPoint());
    const used = this.entries.slice(last).some(({ uses }) => uses);
    const ready = this.ready();
    const sequences = used ? await readSequences(this.session, ready) : (this.entries[last]?.point?.sequences ?? []);
    const point = { savepoint: `rehearsal_${this.savepoints++}`, sequences };
    // Until it is known to have run.
    this.undo = point;
    return { point, ahead: [...(used ? [] : ready), `savepoint ${point.savepoint}`] };
  }

  /** The same without a savepoint, unless it is one that is there anyway. */
  private unguarded(): { readonly point: Point | undefined; readonly ahead: readonly string[] } {
    return { point: this.undo, ahead: this.ready() };
  }

  private ready(): readonly string[] {
    const { open, undo } = this;
    this.open = true;
    if (!open) return ['begin'];
    return backTo(undo);
  }
}

const backTo = (point: Point | undefined): readonly string[] =>
  point ? [`rollback to savepoint ${point.savepoint}`] : [];

const entryOf = (move: Move, point?: Point): Entry => ({
  move,
  point,
  uses: move.kind === 'statement' && mayUseSequences(move.step),
  leaves: move.kind === 'statement' && leavesTraces(move.step),
});

const msOf = ({ state: { known } }: Move): number => (known?.outcome.kind === 'ran' ? known.outcome.ms : 0);

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
