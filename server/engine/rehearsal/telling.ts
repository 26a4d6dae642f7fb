/** What the states know, told of the files as they are now. */
import { refusedAtEnd } from './commit';
import { causeOf } from './consequence';
import type { PreparedLink, StatementMove, Way } from './moves';
import type { Outcome, PlacedOutcome } from './outcome';
import type { Observation } from './observation/observation';
import { judged, type Noted, placed } from './placing';
import type { Known, Verdict, Verdicts } from './state';
import type { LinkResult, Walk } from './walk';

/** When those who wait are told what is known so far, in milliseconds, and how often from then on. */
const soonMs = 200;
const againMs = 1_000;

/** A class because it remembers what it has told. */
export class Telling {
  private readonly told = new WeakMap<Way, Told>();
  /** What was said of statements by the last look at each link, by the paths of up files and the keys of statements. */
  private readonly verdicts = new Map<string, ReadonlyMap<string, Verdict>>();
  /** What was observed by then, likewise, in either direction. */
  private readonly observations = {
    up: new Map<string, ReadonlyMap<string, Observation | undefined>>(),
    down: new Map<string, ReadonlyMap<string, Observation | undefined>>(),
  };
  /** The links as they were told last, by the paths of their up files. */
  private readonly former = new Map<string, PreparedLink>();

  /** The whole of a link was told. */
  keep(prepared: PreparedLink): void {
    this.former.set(prepared.link.up.path, prepared);
  }

  /** The up scripts of a link were looked at as a whole. */
  judge(prepared: PreparedLink, verdicts: Verdicts): void {
    const { link, up } = prepared;
    const end = up.moves.at(-1)?.state;
    if (end) end.verdicts = verdicts;
    this.expect(prepared, verdicts);
    this.observations.up.set(link.up.path, observationsIn(up));
  }

  /** The down scripts of a link were observed. */
  observedDown(prepared: PreparedLink): void {
    const end = prepared.down.moves.at(-1)?.state;
    if (end) end.observed = true;
    this.observations.down.set(downPathOf(prepared), observationsIn(prepared.down));
  }

  /** That is told until the next look. */
  expect({ link }: PreparedLink, verdicts: Verdicts): void {
    this.verdicts.set(link.up.path, new Map([...verdicts].map(([state, verdict]) => [state.key, verdict])));
  }

  /** Outcomes as they stand in the file now; the same list again as long as nothing has changed. */
  outcomesOf(way: Way, path: string, direction: 'up' | 'down'): readonly PlacedOutcome[] {
    const verdicts = way.moves.at(-1)?.state.verdicts;
    const former = direction === 'up' ? this.verdicts.get(path) : undefined;
    // Until the next look shows whether it is still so.
    const verdictOf = ({ state }: StatementMove) => (verdicts ? verdicts.get(state) : former?.get(state.key));
    const notedOf = ({ state }: StatementMove) =>
      state.seen ?? { observation: this.observations[direction].get(path)?.get(state.key) };
    const said = [
      ...sayings(way, path),
      ...way.statements.flatMap((move) => [move.state.seen, notedOf(move).observation, verdictOf(move)]),
    ];
    const known = this.told.get(way);
    if (known?.said.every((it, i) => it === said[i])) return known.outcomes;
    const outcomes = tellWay(way, notedOf, verdictOf).map((it) => ({ ...it, path }));
    this.told.set(way, { said, outcomes });
    return outcomes;
  }

  resultOf({ link }: PreparedLink, [up, down]: readonly Way[]): LinkResult {
    const ups = up ? this.outcomesOf(up, link.up.path, 'up') : [];
    const downs = down ? this.outcomesOf(down, downPathOf({ link }), 'down') : [];
    const looked = up?.moves.at(-1)?.state.verdicts !== undefined || this.verdicts.has(link.up.path);
    return { link, up: ups, down: downs, ms: msOf([...ups, ...downs]), looked };
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
      // Of a file that was never told of, half would look like the whole.
      if (!former) return;
      const ups = provisionalOf(prepared.up, link.up.path, outcomesIn(former.up, former.link.up.text));
      const downText = (former.link.down ?? former.link.up).text;
      const downs = down ? provisionalOf(prepared.down, downPathOf(prepared), outcomesIn(former.down, downText)) : [];
      onProvisional({ link, up: ups, down: downs, ms: msOf([...ups, ...downs]), looked: false });
    };
  }
}

/** What was known before stands in for what is not known yet. */
function provisionalOf(way: Way, path: string, last: readonly Former[]): readonly PlacedOutcome[] {
  const before = new Map<string, Known[]>();
  for (const { key, known } of last) before.set(key, [...(before.get(key) ?? []), known]);
  return way.statements.flatMap(({ step, state }) => {
    const former = before.get(state.key)?.shift();
    const now = state.known ?? former;
    return now ? [{ ...placed(now, step), path }] : [];
  });
}

/** What was known of a statement, by the key of its state. */
interface Former {
  readonly key: string;
  readonly known: Known;
}

/** Without what was only refused because of a statement before it, which may be mended now. */
function outcomesIn({ statements }: Way, text: string): readonly Former[] {
  const earlier: Outcome[] = [];
  return statements.flatMap(({ step, state: { key, known } }) => {
    if (!known) return [];
    const outcome = placed(known, step);
    const follows =
      outcome.kind === 'refused' && causeOf(outcome, text.slice(outcome.range.start, outcome.range.end), earlier);
    earlier.push(outcome);
    return follows ? [] : [{ key, known }];
  });
}

const observationsIn = ({ statements }: Way): ReadonlyMap<string, Observation | undefined> =>
  new Map(statements.map(({ state }) => [state.key, state.seen?.observation]));

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

function tellWay(
  { moves }: Way,
  notedOf: (move: StatementMove) => Noted,
  verdictOf: (move: StatementMove) => Verdict | undefined,
): readonly Outcome[] {
  const all: Outcome[] = [];
  let script: Outcome[] = [];
  for (const move of moves) {
    if (move.kind === 'statement' && move.state.known)
      script.push(judged(placed(move.state.known, move.step), notedOf(move), verdictOf(move)));
    if (move.kind !== 'end') continue;
    const { refusedAtEnd: refusal } = move.state;
    all.push(...(refusal ? refusedAtEnd(script, refusal) : script));
    script = [];
  }
  return all;
}
