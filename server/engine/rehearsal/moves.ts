/** A migration as the way of a shadow from one state to the next: what runs, in which order, and where that leads. */
import { createHash } from 'node:crypto';
import type { TransactionMode } from '../layouts/layout';
import { normalForm } from '../sql/normalForm';
import { ReachingNames } from '../sql/reach';
import type { Learned } from '../sql/reachingSchema';
import type { Link, ScriptFile } from './link';
import type { Rehearsal } from './commit';
import { isPlain, runsAlone } from './rehearse';
import { type Policy, prepare } from './prepare';
import type { Step } from './run';
import type { State } from './state';

/** One move of a shadow; `state` is where it leads. */
export type Move =
  | {
      readonly kind: 'begin';
      readonly mode: TransactionMode;
      readonly state: State;
      /** In the transaction of the script before it, on the same connection. */
      readonly joins: boolean;
    }
  | {
      readonly kind: 'statement';
      readonly mode: TransactionMode;
      readonly step: Step;
      readonly state: State;
      /** Which script of the file it belongs to. */
      readonly script: number;
    }
  | { readonly kind: 'end'; readonly mode: TransactionMode; readonly state: State };

export type StatementMove = Extract<Move, { kind: 'statement' }>;

/** The scripts of one direction. */
export interface Way {
  readonly rehearsals: readonly Rehearsal[];
  readonly moves: readonly Move[];
  /** Those of the moves that are statements. */
  readonly statements: readonly StatementMove[];
  /** Whether it can be run in a transaction together with others. */
  readonly plain: boolean;
}

export interface PreparedLink {
  readonly link: Link;
  readonly before: State;
  /** Behind the up scripts. */
  readonly after: State;
  readonly up: Way;
  /** Upon the state behind the up scripts. */
  readonly down: Way;
  /** What is known to reach outside before it. */
  readonly reaching: ReachingNames;
}

/** Cuts links into moves, and remembers those of the last call: what has not changed is not cut again. */
export class LinkCutter {
  private last: readonly Cut[] = [];

  /**
   * The first `count` links; what earlier ones define is known to later ones.
   *
   * @param live what the base defines that reaches outside
   */
  cut(
    links: readonly Link[],
    count: number,
    root: State,
    policy: CutPolicy & { readonly live: ReachingNames },
  ): PreparedLink[] {
    const cuts: Cut[] = [];
    let before = root;
    let learned = policy.live;
    for (const [i, link] of links.slice(0, count).entries()) {
      const former = this.last[i];
      const same = former && former.prepared.before === before && former.known === learned && isSame(former.link, link);
      const cut = same ? placedIn(former, link) : cutLink(link, before, learned, policy, former);
      cuts.push(cut);
      before = cut.prepared.after;
      learned = cut.learned;
    }
    this.last = cuts;
    return cuts.map(({ prepared }) => prepared);
  }

  /** After states were retired. */
  forget(): void {
    this.last = [];
  }
}

interface CutPolicy extends Pick<Policy, 'shared' | 'psql'> {
  /** As ChainRequest.oneTransaction. */
  readonly oneTransaction: boolean;
}

interface Cut {
  readonly link: Link;
  readonly prepared: PreparedLink;
  /** What was known to reach outside before it, and after it. */
  readonly known: ReachingNames;
  readonly learned: ReachingNames;
}

const isSame = (former: Link, link: Link): boolean =>
  former === link || (isSameFile(former.up, link.up) && isSameFile(former.down, link.down));

const isSameFile = (former: ScriptFile | undefined, file: ScriptFile | undefined): boolean =>
  former === file ||
  (former !== undefined &&
    file !== undefined &&
    former.text === file.text &&
    former.scripts.length === file.scripts.length &&
    former.scripts.every(({ mode, range: { start, end } }, i) => {
      const other = file.scripts[i];
      return other?.mode === mode && other.range.start === start && other.range.end === end;
    }));

const placedIn = (cut: Cut, link: Link): Cut =>
  cut.link === link ? cut : { ...cut, link, prepared: { ...cut.prepared, link } };

function cutLink(link: Link, before: State, known: ReachingNames, policy: CutPolicy, former: Cut | undefined): Cut {
  const last = former?.prepared;
  const reaching = new ReachingNames(known);
  const ups = stepsOf(link.up, { ...policy, reaching }, last?.link.up, last?.up, former?.known === known);
  const learned = ups.some(({ steps }) => steps.some(({ shape }) => teaches(shape))) ? reaching.settled() : known;
  const further = { ...policy, reaching: new ReachingNames(learned) };
  const downs = stepsOf(link.down, further, last?.link.down, last?.down, former?.learned === learned);
  const begins = policy.oneTransaction ? 'joined' : 'alone';
  const up = wayOf(ups, before, last?.before === before ? last.up : undefined, begins);
  const after = up.moves.at(-1)?.state ?? before;
  const down = wayOf(downs, after.next('down'), last?.after === after ? last.down : undefined, 'alone');
  return { link, prepared: { link, before, after, up, down, reaching: known }, known, learned };
}

/**
 * @param last the file before it was edited, and its way
 * @param isKnown what reaches outside was the same then
 */
const stepsOf = (
  file: ScriptFile | undefined,
  policy: Policy,
  last: ScriptFile | undefined,
  way: Way | undefined,
  isKnown: boolean,
): Rehearsal[] =>
  (file?.scripts ?? []).map((script, i) => {
    const [before, rehearsal] = [last?.scripts[i], way?.rehearsals[i]];
    const former =
      last && before && rehearsal && !before.pieces && before.messageMs === script.messageMs
        ? { text: last.text, range: before.range, steps: rehearsal.steps, isKnown }
        : undefined;
    return prepare(file?.text ?? '', script, policy, former);
  });

const teaches = ({ defines, relays }: Learned): boolean => defines.length + relays.length > 0;

/** @param former from the same state: its moves before the edit are used again */
function wayOf(
  rehearsals: readonly Rehearsal[],
  before: State,
  former: Way | undefined,
  begins: 'alone' | 'joined',
): Way {
  const joins = begins === 'joined';
  const moves: Move[] = [];
  let state = before;
  let isBefore = former !== undefined;
  const add = (isSame: (move: Move) => boolean, made: () => Move): void => {
    const move = former?.moves[moves.length];
    isBefore &&= move !== undefined && isSame(move);
    const next = move && isBefore ? move : made();
    state = next.state;
    moves.push(next);
  };
  for (const [script, rehearsal] of rehearsals.entries()) {
    const { mode, steps } = rehearsal;
    // One statement in a message is no transaction, several are: then the same statement is another.
    const begin = `begin ${mode}${runsAlone(rehearsal) ? ' alone' : ''}${joins ? ' joined' : ''}`;
    add(
      (move) => move.state.key === begin,
      () => ({ kind: 'begin', mode, state: state.next(begin), joins }),
    );
    for (const [i, step] of steps.entries())
      add(
        (move) => move.kind === 'statement' && move.step === step && move.mode === mode && move.script === script,
        () => ({ kind: 'statement', mode, step, state: state.next(keyOf(step, steps[i - 1])), script }),
      );
    add(
      (move) => move.kind === 'end',
      () => ({ kind: 'end', mode, state: state.next('end') }),
    );
  }
  const statements = moves.filter((move) => move.kind === 'statement');
  return { rehearsals, moves, statements, plain: rehearsals.every(isPlain) };
}

/** The same key, the same effect on the same state. Long texts by their digest. */
function keyOf({ statement: { text, kind, copyData }, skip, message }: Step, before: Step | undefined): string {
  const place =
    message === undefined ? '' : message === before?.message ? ' further in a message' : ' first in a message';
  const form = `${kind}${place} ${skip?.kind ?? ''} ${normalForm(text)}`;
  const whole = copyData === undefined ? form : `${form}\n${copyData}`;
  return whole.length < longestKey ? whole : createHash('sha256').update(whole).digest('base64');
}

const longestKey = 500;
