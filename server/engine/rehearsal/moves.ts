/** A migration as the way of a shadow from one state to the next: what runs, in which order, and where that leads. */
import { createHash } from 'node:crypto';
import type { LayoutName, TransactionMode } from '../layouts/layout';
import { normalForm } from '../sql/normalForm';
import { type Learned, reachingNames } from '../sql/reachingSchema';
import type { Link, ScriptFile } from './link';
import type { Rehearsal } from './commit';
import { isPlain, runsAlone } from './rehearse';
import { type Policy, prepare } from './prepare';
import type { Step } from './run';
import type { State } from './state';

/** One move of a shadow; `state` is where it leads. */
export type Move =
  | { readonly kind: 'begin'; readonly mode: TransactionMode; readonly state: State }
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
    policy: { readonly shared: boolean; readonly layout: LayoutName; readonly live: readonly Learned[] },
  ): PreparedLink[] {
    const cuts: Cut[] = [];
    let before = root;
    let learned = policy.live;
    for (const [i, link] of links.slice(0, count).entries()) {
      const former = this.last[i];
      const same = former && former.prepared.before === before && former.known === learned && isSame(former.link, link);
      const cut = same ? placedIn(former, link) : cutLink(link, before, learned, policy, former?.prepared);
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

interface Cut {
  readonly link: Link;
  readonly prepared: PreparedLink;
  /** What was known to reach outside before it, and after it. */
  readonly known: readonly Learned[];
  readonly learned: readonly Learned[];
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

function cutLink(
  link: Link,
  before: State,
  known: readonly Learned[],
  policy: Pick<Policy, 'shared' | 'layout'>,
  former: PreparedLink | undefined,
): Cut {
  const ups = stepsOf(link.up, { ...policy, reaching: reachingNames(known) }, former?.link.up, former?.up);
  const taught = ups.flatMap(({ steps }) => steps.map(({ shape }) => shape)).filter(teaches);
  const learned = taught.length > 0 ? [...known, ...taught] : known;
  const downs = stepsOf(link.down, { ...policy, reaching: reachingNames(learned) }, former?.link.down, former?.down);
  const up = wayOf(ups, before);
  const after = up.moves.at(-1)?.state ?? before;
  return {
    link,
    prepared: { link, before, after, up, down: wayOf(downs, after.next('down')) },
    known,
    learned,
  };
}

/** @param last the file before it was edited, and its way */
const stepsOf = (
  file: ScriptFile | undefined,
  policy: Policy,
  last: ScriptFile | undefined,
  way: Way | undefined,
): Rehearsal[] =>
  (file?.scripts ?? []).map((script, i) => {
    const [before, rehearsal] = [last?.scripts[i], way?.rehearsals[i]];
    const former =
      last && before && rehearsal && !before.pieces
        ? { text: last.text, range: before.range, statements: rehearsal.steps.map(({ statement }) => statement) }
        : undefined;
    return prepare(file?.text ?? '', script, policy, former);
  });

const teaches = ({ defines, relays }: Learned): boolean => defines.length + relays.length > 0;

function wayOf(rehearsals: readonly Rehearsal[], before: State): Way {
  const moves: Move[] = [];
  let state = before;
  for (const [script, rehearsal] of rehearsals.entries()) {
    const { mode, steps } = rehearsal;
    // One statement in a message is no transaction, several are: then the same statement is another.
    state = state.next(`begin ${mode}${runsAlone(rehearsal) ? ' alone' : ''}`);
    moves.push({ kind: 'begin', mode, state });
    for (const [i, step] of steps.entries()) {
      state = state.next(keyOf(step, steps[i - 1]));
      moves.push({ kind: 'statement', mode, step, state, script });
    }
    state = state.next('end');
    moves.push({ kind: 'end', mode, state });
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
