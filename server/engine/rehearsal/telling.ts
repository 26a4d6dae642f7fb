/** What the states know, told of the files as they are now. */
import { refusedAtEnd } from './commit';
import type { PreparedLink, StatementMove, Way } from './moves';
import type { Outcome, PlacedOutcome } from './outcome';
import { placed, withSeen } from './placing';
import type { Known, Seen } from './state';
import type { LinkResult, Walk } from './walk';

/** When those who wait are told what is known so far, in milliseconds, and how often from then on. */
const soonMs = 60;
const againMs = 1_000;

/** A class because it remembers what it has told. */
export class Telling {
  private readonly told = new WeakMap<Way, Told>();
  /** What was seen of statements last, by their keys: until the next look shows whether it is still so. */
  private readonly seen = new Map<string, Seen>();
  /** The links as they were told last, by the paths of their up files. */
  private readonly former = new Map<string, PreparedLink>();

  /** The whole of a link was told. */
  keep(prepared: PreparedLink): void {
    this.former.set(prepared.link.up.path, prepared);
  }

  /** A script was looked at as a whole. */
  saw({ statements }: Way): void {
    for (const { state } of statements) {
      const { seen } = state;
      if (seen && (seen.observation || seen.bodies.length + seen.breaks.length > 0))
        this.seen.set(state.key, { ...seen, facts: undefined });
      else this.seen.delete(state.key);
    }
  }

  /** Outcomes as they stand in the file now; the same list again as long as nothing has changed. */
  outcomesOf(way: Way, path: string): readonly PlacedOutcome[] {
    const looked = way.moves.at(-1)?.state.looked === true;
    const seenOf = ({ state }: StatementMove) =>
      looked ? state.seen : withFacts(this.seen.get(state.key), state.seen);
    const said = [...sayings(way, path), looked, ...way.statements.map(seenOf)];
    const known = this.told.get(way);
    if (known?.said.every((it, i) => it === said[i])) return known.outcomes;
    const outcomes = tellWay(way, seenOf).map((it) => ({ ...it, path }));
    this.told.set(way, { said, outcomes });
    return outcomes;
  }

  resultOf({ link }: PreparedLink, [up, down]: readonly Way[]): LinkResult {
    const ups = up ? this.outcomesOf(up, link.up.path) : [];
    const downs = down ? this.outcomesOf(down, downPathOf({ link })) : [];
    return { link, up: ups, down: downs, ms: msOf([...ups, ...downs]) };
  }

  /** @returns to be called often; it tells seldom */
  provisionally(prepared: PreparedLink, down: boolean, { onProvisional }: Walk): () => void {
    if (!onProvisional) return () => {};
    let due = performance.now() + soonMs;
    const { link } = prepared;
    return () => {
      if (performance.now() < due) return;
      due = performance.now() + againMs;
      const former = this.former.get(link.up.path);
      const ups = provisionalOf(prepared.up, former?.up, link.up.path);
      const downs = down ? provisionalOf(prepared.down, former?.down, downPathOf(prepared)) : [];
      onProvisional({ link, up: ups, down: downs, ms: msOf([...ups, ...downs]) });
    };
  }
}

/** Until the script is looked at as a whole, what was seen of the statement before stands in; its facts are its own. */
const withFacts = (last: Seen | undefined, now: Seen | undefined): Seen | undefined =>
  last && now ? { ...last, facts: now.facts, observation: now.observation ?? last.observation } : (last ?? now);

/** What was known before stands in for what is not known yet. */
function provisionalOf(way: Way, last: Way | undefined, path: string): readonly PlacedOutcome[] {
  const before = new Map<string, Known[]>();
  for (const { state } of last?.statements ?? [])
    if (state.known) before.set(state.key, [...(before.get(state.key) ?? []), state.known]);
  return way.statements.flatMap(({ step, state }) => {
    const former = before.get(state.key)?.shift();
    const now = state.known ?? former;
    return now ? [{ ...placed(now, step), path }] : [];
  });
}

const downPathOf = ({ link }: Pick<PreparedLink, 'link'>): string => link.down?.path ?? link.up.path;

const msOf = (outcomes: readonly Outcome[]): number => outcomes.reduce((sum, it) => sum + ('ms' in it ? it.ms : 0), 0);

/** What is remembered of a way, and what its states said then. */
interface Told {
  readonly said: readonly unknown[];
  readonly outcomes: readonly PlacedOutcome[];
}

const sayings = ({ moves }: Way, path: string): readonly unknown[] => [
  path,
  ...moves.map(({ state }) => state.known ?? state.refusedAtEnd),
];

function tellWay({ moves }: Way, seenOf: (move: StatementMove) => Seen | undefined): readonly Outcome[] {
  const all: Outcome[] = [];
  let script: Outcome[] = [];
  for (const move of moves) {
    if (move.kind === 'statement' && move.state.known)
      script.push(withSeen(placed(move.state.known, move.step), seenOf(move)));
    if (move.kind !== 'end') continue;
    const { refusedAtEnd: refusal } = move.state;
    all.push(...(refusal ? refusedAtEnd(script, refusal) : script));
    script = [];
  }
  return all;
}
