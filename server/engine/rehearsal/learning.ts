/** How is it found out what a link does: on the stack with others, apart on a copy, or for good? */
import type { Move, PreparedLink, StatementMove, Way } from './moves';
import { commitAll } from './commit';
import { DownLook } from './downLook';
import { isMarked, Marks, Observing } from './observation/observing';
import type { Observation } from './observation/observation';
import { isDoubtful, rehearse } from './rehearse';
import type { Running, Watch } from './run';
import { isBlockLeft, isRefusalLookedAt, SecondLook } from './secondLook';
import type { Stack } from './stack';
import { type Advance, committedOf, learnAll, sparing, type Standing, type Standings } from './standing';
import { learnTogether, upTo } from './together';
import type { State, Verdicts } from './state';
import type { Telling } from './telling';
import { isKnown, movesBetween, runningOf, type Walk } from './walk';

/** A stack, how what is observed on it is asked, and how many links are committed below it. */
interface StackStanding {
  readonly stack: Stack;
  readonly toldBy: Observation['toldBy'];
  readonly committed: number;
}

/** They are few; each version that is typed is one. */
const mostSingular = 1_000;

/** A class because it remembers which statements are not for the stack. */
export class Learning {
  /** Statements that are not what they are in a transaction with savepoints, by their keys. */
  private readonly singular = new Set<string>();

  constructor(
    private readonly standings: Standings,
    private readonly telling: Telling,
  ) {}

  /** Finds out something about link `i` that is not known yet. */
  async learn(i: number, down: boolean, walk: Walk): Promise<void> {
    const link = walk.prepared[i];
    if (!link) throw new Error('only links that were cut are asked for');
    if (isTogether(walk) && !isKnown(link.up)) return this.learnApart(link, down, i, walk);
    if (i < walk.firstOpen) return this.learnByAdvance(link, down, i, walk);
    if (!this.standsOnStack(i, down, walk)) return this.learnApart(link, down, i, walk);
    await this.learnOnStack(link, down, i, walk);
    const doubtful = [link.up, ...(down ? [link.down] : [])].flatMap(doubtfulMoves);
    if (this.singular.size > mostSingular) this.singular.clear();
    for (const { state } of doubtful) {
      this.singular.add(state.key);
      state.known = undefined;
    }
  }

  private async learnOnStack(link: PreparedLink, down: boolean, i: number, walk: Walk): Promise<void> {
    const { stack, committed } = await this.stackOf(i, walk);
    const moves = movesBetween(walk, committed, i + 1);
    walk.laps.enter('rehearsal');
    const onMade = this.telling.provisionally(link, down, walk);
    const left = await stack.bring(down ? [...moves, ...link.down.moves] : moves, runningOf(walk), onMade);
    if (left === 'stands') return;
    this.standings.forget();
    for (const { state } of [...link.up.statements, ...link.down.statements]) this.singular.add(state.key);
  }

  /** The stack that link `i` can stand on, and how many of the links are committed below it. */
  private async stackOf(i: number, walk: Walk): Promise<StackStanding> {
    let from = isOneStack(walk) ? 0 : i;
    while (from > walk.firstOpen && this.isPlain(walk.prepared[from - 1], false)) from--;
    const standing = await this.standings.between(from, isOneStack(walk) ? 0 : i, walk, this.onTheWay);
    return { stack: standing.stack, toldBy: standing.toldBy, committed: committedOf(standing, walk, i) };
  }

  /** What is committed, and was not looked at then, is looked at when it is committed again. */
  private readonly onTheWay: Advance = (standing, link, walk) =>
    isLookedAtOnTheWay(walk) && !isLooked(link)
      ? this.advanceLooking(link, false, standing, walk)
      : this.standings.advanceFrom(standing, link, false, walk);

  /**
   * Runs again what was not looked at yet, and looks at it.
   *
   * @returns whether there may be anything new to tell
   */
  async lookAgain(i: number, walk: Walk): Promise<boolean> {
    const link = walk.prepared[i];
    const isCommitted = i < walk.firstOpen;
    if (!link || (walk.manner !== 'whole' && (isCommitted || !isLookedAtAlone(link, walk)))) return false;
    const { up, down } = walk.wanted(link.link);
    const isLookedUp = up && (await this.lookUp(link, i, walk));
    const isObserved = down && !isCommitted && levelFor(link, walk) !== 'off';
    return (isObserved && (await this.lookDown(link, i, walk))) || isLookedUp;
  }

  private async lookUp(link: PreparedLink, i: number, walk: Walk): Promise<boolean> {
    const end = link.up.moves.at(-1)?.state;
    if (!end) return false;
    const isObserved = end.observed || levelFor(link, walk) === 'off';
    if (end.verdicts && (isObserved || i < walk.firstOpen)) return false;
    if (i < walk.firstOpen) await this.advanceLooking(link, false, await this.before(i, walk), walk);
    else if (this.standsOnStack(i, false, walk)) this.judge(link, await this.lookOnStack(link, i, walk), walk);
    else this.judge(link, await this.lookApart(link, i, walk), walk);
    return true;
  }

  private judge(link: PreparedLink, verdicts: Verdicts, walk: Walk): void {
    this.telling.judge(link, verdicts);
    const end = link.up.moves.at(-1)?.state;
    if (end) end.observed = levelFor(link, walk) !== 'off';
  }

  private async lookDown(link: PreparedLink, i: number, walk: Walk): Promise<boolean> {
    const end = link.down.moves.at(-1)?.state;
    if (!end || end.observed) return false;
    await (this.standsOnStack(i, true, walk) ? this.lookDownOnStack(link, i, walk) : this.lookDownApart(link, i, walk));
    this.telling.observedDown(link);
    return true;
  }

  private async lookOnStack(link: PreparedLink, i: number, walk: Walk): Promise<Verdicts> {
    const { stack, toldBy, committed } = await this.stackOf(i, walk);
    const second = lookOf(link, walk, stack.marks, toldBy);
    await watchOn(stack, movesBetween(walk, committed, i), { link, way: link.up }, walk, second);
    return stack.aside((session) => second.atEnd(session));
  }

  private async lookDownOnStack(link: PreparedLink, i: number, walk: Walk): Promise<void> {
    const { stack, toldBy, committed } = await this.stackOf(i, walk);
    const look = downLookOf(link, walk, stack.marks, toldBy);
    await watchOn(stack, movesBetween(walk, committed, i + 1), { link, way: link.down }, walk, look);
  }

  private async lookApart(link: PreparedLink, i: number, walk: Walk): Promise<Verdicts> {
    const { shadow, toldBy } = await this.before(i, walk);
    const second = lookOf(link, walk, new Marks(), toldBy);
    const { ups } = isOneStack(walk) ? upTo(i, walk) : sparing(link, false);
    return shadow.withCopy(async (copy) => {
      await commitAll(shadow, copy, ups, { ...runningOf(walk), watch: second });
      return second.atEnd(copy);
    });
  }

  private async lookDownApart(link: PreparedLink, i: number, walk: Walk): Promise<void> {
    const running = runningOf(walk);
    const { shadow, toldBy } = await this.before(i, walk);
    const watch = downLookOf(link, walk, new Marks(), toldBy);
    if (!watch) return;
    const { downs } = sparing(link, true);
    const { ups } = isOneStack(walk) ? upTo(i, walk) : sparing(link, false);
    await shadow.withCopy(async (copy) => {
      await commitAll(shadow, copy, ups, running);
      await commitAll(shadow, copy, downs, { ...running, watch });
    });
  }

  private before(i: number, walk: Walk): Promise<Standing> {
    return this.standings.before(isOneStack(walk) ? 0 : i, walk, this.onTheWay);
  }

  /** Takes everything back. */
  private async learnApart(link: PreparedLink, down: boolean, i: number, walk: Walk): Promise<void> {
    const { shadow, sequences } = await this.standings.before(walk.oneTransaction ? 0 : i, walk, this.onTheWay);
    walk.laps.enter('rehearsal');
    if (walk.oneTransaction) return learnTogether(shadow, sequences, i, down && !isTogether(walk), walk);
    const { ups, downs } = sparing(link, down);
    learnAll(link, down, await rehearse(shadow, ups, downs, sequences, runningOf(walk)));
  }

  /** Takes only the down scripts back. */
  private async learnByAdvance(link: PreparedLink, down: boolean, i: number, walk: Walk): Promise<void> {
    const standing = await this.before(i, walk);
    walk.laps.enter('rehearsal');
    const { up: isUpWanted, down: isDownWanted } = walk.wanted(link.link);
    const isWanted = (isUpWanted || isDownWanted) && walk.manner === 'whole';
    if (isWanted || isLookedAtOnTheWay(walk)) await this.advanceLooking(link, down, standing, walk);
    else await this.standings.advanceFrom(standing, link, down, walk);
  }

  private async advanceLooking(link: PreparedLink, down: boolean, standing: Standing, walk: Walk): Promise<void> {
    const second = lookOf(link, walk, new Marks(), standing.toldBy);
    const below = down ? downLookOf(link, walk, new Marks(), standing.toldBy) : undefined;
    const limits = { ...walk.limits, watch: below?.beside(second) ?? second };
    const { shadow } = await this.standings.advanceFrom(standing, link, down, { ...walk, limits });
    this.judge(link, await second.atEnd(shadow.session), walk);
    if (below) this.telling.observedDown(link);
  }

  /** Whether link `i` can; of those that share its transaction, what was refused anyway is left out there as well. */
  private standsOnStack(i: number, down: boolean, walk: Walk): boolean {
    if (!this.isPlain(walk.prepared[i], down)) return false;
    const before = walk.oneTransaction ? walk.prepared.slice(0, i) : [];
    const isLeftOut = ({ known }: State): boolean => known?.outcome.kind === 'refused';
    return before.every(
      ({ up }) => up.plain && up.moves.every(({ state }) => !this.singular.has(state.key) || isLeftOut(state)),
    );
  }

  /** Whether it can stand on a stack with others. */
  private isPlain(link: PreparedLink | undefined, down: boolean): boolean {
    const ways = link ? [link.up, ...(down ? [link.down] : [])] : [];
    return ways.every((way) => way.plain && way.moves.every(({ state }) => !this.singular.has(state.key)));
  }

  /** With all that is known already, so that the next edit finds it as it was. */
  async renew(walk: Walk): Promise<void> {
    this.standings.forget();
    await this.stand(walk);
  }

  /** Puts what is open upon what is committed; the next edit then runs nothing but what it changed. */
  async stand(walk: Walk): Promise<void> {
    const last = walk.prepared.length - 1;
    const link = walk.prepared[last];
    if (link && this.standsOnStack(last, false, walk)) await this.learnOnStack(link, false, last, walk);
  }
}

/**
 * Where nobody types, what shares a transaction is run once as that; down scripts, and what a look tells, do not depend on
 * it, and a look in the middle of a long transaction is dear.
 */
const isTogether = ({ oneTransaction, manner }: Walk): boolean => oneTransaction === true && manner === 'whole';

/** Whether nothing is committed below the stack, whatever is asked for. */
const isOneStack = (walk: Walk): boolean => walk.oneTransaction === true && !isTogether(walk);

/** Whether links are looked at as they are committed. */
const isLookedAtOnTheWay = ({ rowsAreAsked, othersLookedAt }: Walk): boolean =>
  rowsAreAsked || othersLookedAt === 'all';

/** Whether a link that is not committed is run again to be looked at. */
const isLookedAtAlone = ({ link }: PreparedLink, { isOpen, othersLookedAt }: Walk): boolean =>
  isOpen(link) || othersLookedAt === 'all';

/** The up scripts were looked at as a whole. */
export const isLooked = ({ up }: PreparedLink): boolean => up.moves.at(-1)?.state.verdicts !== undefined;

/** How much is observed of a link: nobody reads that of what is not open. */
const levelFor = ({ link }: PreparedLink, { manner, isOpen, observe }: Walk): Walk['observe'] =>
  manner === 'whole' || isOpen(link) ? observe : 'off';

/** With all that is wanted of it. */
const isSeen = ({ seen, known }: State, link: PreparedLink, walk: Walk): boolean =>
  seen !== undefined &&
  (seen.observation !== undefined || known?.outcome.kind !== 'ran' || levelFor(link, walk) === 'off');

function lookOf(link: PreparedLink, walk: Walk, marks: Marks, toldBy: Observation['toldBy']): SecondLook {
  const { statements } = link.up;
  const { rowsAreAsked, limits, signal } = walk;
  const rowsAreThere = hasRows(walk);
  const observing = observingOf({ link, way: link.up }, walk, marks, toldBy);
  return new SecondLook(statements, { rowsAreAsked, rowsAreThere, limits, signal, observing });
}

/** Undefined where nobody wants to know what statements do. */
function downLookOf(link: PreparedLink, walk: Walk, marks: Marks, toldBy: Observation['toldBy']): DownLook | undefined {
  const observing = observingOf({ link, way: link.down }, walk, marks, toldBy);
  return observing && new DownLook(link.down.statements, observing, walk.signal);
}

interface WayOfLink {
  readonly link: PreparedLink;
  readonly way: Way;
}

function observingOf(
  { link, way: { statements } }: WayOfLink,
  walk: Walk,
  marks: Marks,
  toldBy: Observation['toldBy'],
): Observing | undefined {
  const level = levelFor(link, walk);
  return level === 'off' ? undefined : new Observing(statements, { level, marks, toldBy, signal: walk.signal });
}

/** Makes the moves of a way once more, from the first statement on that was not looked at yet. */
async function watchOn(
  stack: Stack,
  before: readonly Move[],
  { link, way }: WayOfLink,
  walk: Walk,
  watch: Watch | undefined,
): Promise<void> {
  const observe = levelFor(link, walk);
  const running = runningOf(walk);
  const bring = (moves: readonly Move[], looking: Running) => stack.bring([...before, ...moves], looking, () => {});
  const first = way.statements.findIndex(({ state }) => !isSeen(state, link, walk) && isLookedAt(state, walk));
  const stand = () => standBefore(first, way, observe, stack.marks, (moves) => bring(moves, running));
  if (first >= 0) await stand();
  if (first >= 0 && observe === 'full' && stack.hasLeftLocks) {
    await stack.beginAnew();
    await stand();
  }
  await bring(way.moves, watch ? { ...running, watch } : running);
}

/** What ran, what was refused where that tells of rows, and blocks that must not be run. */
function isLookedAt({ known }: State, walk: Walk): boolean {
  if (known?.outcome.kind !== 'refused')
    return known?.outcome.kind === 'ran' || (known !== undefined && isBlockLeft(known.outcome));
  const { rowsAreAsked } = walk;
  return isRefusalLookedAt(known.outcome, known.outcome.refusal, { rowsAreAsked, rowsAreThere: hasRows(walk) });
}

const hasRows = ({ base }: Walk): boolean => base.kind === 'dump' && base.rows !== undefined;

/**
 * Brings the stack to just before a statement; where statements are observed, to the last one before it that can be:
 * the mark behind the one before it has to be there, also when the way back was longer for want of a savepoint.
 */
async function standBefore(
  index: number,
  { moves, statements }: Way,
  observe: Walk['observe'],
  marks: Marks,
  bring: (moves: readonly Move[]) => Promise<unknown>,
): Promise<void> {
  const isReady = () => observe === 'off' || isMarked(statements, index, marks);
  do {
    while (!isReady()) index--;
    const move = statements[index];
    if (move) await bring(moves.slice(0, moves.indexOf(move)));
  } while (!isReady());
}

function doubtfulMoves(way: Way): StatementMove[] {
  const rehearsals = new Map(way.rehearsals.flatMap((it) => it.steps.map((step) => [step, it])));
  return way.statements.filter(({ step, state: { known } }) => {
    const rehearsal = rehearsals.get(step);
    return known && rehearsal && isDoubtful(rehearsal, known.outcome);
  });
}
