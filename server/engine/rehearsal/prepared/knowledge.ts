/** What a chain knows of its first links, as plain values for the disk, and the way back. */
import { statementsIn } from '../../layouts/statements';
import { shapeOf } from '../../sql/parse';
import type { Shape, Statement } from '../../sql/statement';
import type { Link, ScriptFile } from '../link';
import type { PreparedLink, StatementMove, Way } from '../moves';
import type { Outcome } from '../outcome';
import type { State, Verdict, Verdicts } from '../state';
import { isKnown } from '../walk';
import { saidIn } from './fingerprints';

/** Of each link, in their order. */
export type Knowledge = readonly LinkKnowledge[];

interface LinkKnowledge {
  readonly up: readonly StatementKnowledge[];
  /** What a look at them as a whole has said of each, when there was one; null for nothing. */
  readonly looked?: readonly (Verdict | null)[];
  /** When it was tried; of down scripts that say what these said. */
  readonly down?: { readonly says: string; readonly statements: readonly StatementKnowledge[] };
}

interface StatementKnowledge {
  readonly outcome: Told;
  /** What the grammar says of it takes longer to find out than to read. */
  readonly shape: PlainShape;
  /** Where it stood, for the place of what was refused. */
  readonly stood?: { readonly text: string; readonly start: number; readonly rowsStart?: number };
}

type Told = Without<'ran'> | Without<'refused'> | Without<'skipped'>;
type Without<Kind extends Outcome['kind']> = Omit<Extract<Outcome, { kind: Kind }>, 'statement' | 'shape'>;

type PlainShape = Omit<Shape, 'mentions' | 'calls' | 'relays'> & {
  readonly mentions: readonly string[];
  readonly calls: readonly string[];
  readonly relays: readonly { readonly name: string; readonly calls: readonly string[] }[];
};

/** @returns undefined when it is not complete, or something in it may have been chance */
export function knowledgeOf(links: readonly PreparedLink[]): Knowledge | undefined {
  const knowledge: LinkKnowledge[] = [];
  for (const { link, up, down } of links) {
    const ups = waysKnowledge(up);
    if (!ups) return undefined;
    const statements = link.down && waysKnowledge(down);
    const verdicts = up.moves.at(-1)?.state.verdicts;
    knowledge.push({
      up: ups,
      ...(verdicts ? { looked: up.statements.map(({ state }) => verdicts.get(state) ?? null) } : {}),
      ...(link.down && statements ? { down: { says: saidIn(link.down).digest, statements } } : {}),
    });
  }
  return knowledge;
}

/** Spares the grammar the statements of these links. */
export function teachShapes(knowledge: Knowledge, links: readonly Link[]): void {
  for (const [i, { up, down }] of knowledge.entries()) {
    const link = links[i];
    if (!link) return;
    teachFile(link.up, up);
    if (link.down && down?.says === saidIn(link.down).digest) teachFile(link.down, down.statements);
  }
}

/** Tells the states of these links what it would take a replay to find out. @returns those that did not know it, and can be tried */
export function teachStates(knowledge: Knowledge, links: readonly PreparedLink[]): State[] {
  return knowledge.flatMap(({ up, down }, i) => {
    const prepared = links[i];
    if (!prepared) return [];
    const file = prepared.link.down;
    const downs = file && down?.says === saidIn(file).digest ? teachWay(prepared.down, down.statements) : [];
    return [...teachWay(prepared.up, up), ...downs];
  });
}

/** What was said of these links by looks at them as a whole. */
export function verdictsIn(
  knowledge: Knowledge,
  links: readonly PreparedLink[],
): { readonly link: PreparedLink; readonly verdicts: Verdicts }[] {
  return knowledge.flatMap(({ looked }, i) => {
    const link = links[i];
    if (!link || !looked) return [];
    const said = link.up.statements.flatMap(({ state }, at) => {
      const verdict = looked[at];
      return verdict ? [[state, verdict] as const] : [];
    });
    return [{ link, verdicts: new Map(said) }];
  });
}

function waysKnowledge(way: Way): readonly StatementKnowledge[] | undefined {
  if (!isKnown(way) || way.moves.some(({ state }) => state.refusedAtEnd)) return undefined;
  const found = way.statements.map(statementKnowledge);
  return found.every((it) => it !== undefined) ? found : undefined;
}

/** Locks that others held, deadlocks, time limits (Postgres documentation, appendix A). */
const chance = new Set(['40P01', '55P03', '57014']);

function statementKnowledge({ step, state: { known } }: StatementMove): StatementKnowledge | undefined {
  if (!known || known.outcome.kind === 'ended' || holdsValues(step.statement)) return undefined;
  const { statement, shape: _, ...outcome } = known.outcome;
  const shape = plainShape(step.shape);
  if (outcome.kind === 'skipped') return outcome.reason.kind === 'sessionEnded' ? undefined : { outcome, shape };
  if (outcome.kind === 'ran') return { outcome, shape };
  // Where something was replaced is told by no text alone.
  if (chance.has(outcome.refusal.sqlState) || statement.replaced) return undefined;
  const { rowsStart } = known;
  const stood = {
    text: statement.text,
    start: statement.range.start,
    ...(rowsStart === undefined ? {} : { rowsStart }),
  };
  return { outcome, shape, stood };
}

/** What a variable of the environment has put in may be a secret. Line ends and dollars are put in as well, and are none. */
const holdsValues = ({ replaced = [] }: Statement): boolean => replaced.some(({ text }) => !/^[\n$]?$/.test(text));

function teachFile(file: ScriptFile, statements: readonly StatementKnowledge[]): void {
  const texts = file.scripts.flatMap((script) => statementsIn(file.text, script).map(({ text }) => text));
  for (const [i, text] of texts.entries()) {
    const known = statements[i];
    if (known) shapeOf.learn(text, shapeFrom(known.shape));
  }
}

function teachWay(way: Way, statements: readonly StatementKnowledge[]): State[] {
  const taught: State[] = [];
  if (statements.length !== way.statements.length) throw new Error('the same scripts have the same statements');
  for (const [i, { step, state }] of way.statements.entries()) {
    const known = statements[i];
    if (!known || state.known) continue;
    const { stood, outcome } = known;
    const { replaced: _, ...now } = step.statement;
    const statement = stood ? { ...now, text: stood.text, range: rangeOf(stood) } : step.statement;
    state.learn(
      { ...outcome, statement, shape: step.shape },
      { ...step, rowsStart: stood?.rowsStart ?? step.rowsStart },
    );
    // What must not run is never tried.
    if (!step.skip) taught.push(state);
  }
  for (const { state } of way.moves) state.tried = true;
  return taught;
}

const rangeOf = ({ text, start }: { readonly text: string; readonly start: number }) => ({
  start,
  end: start + text.length,
});

const plainShape = ({ mentions, calls, relays, ...rest }: Shape): PlainShape => ({
  ...rest,
  mentions: [...mentions],
  calls: [...calls],
  relays: relays.map((it) => ({ name: it.name, calls: [...it.calls] })),
});

const shapeFrom = ({ mentions, calls, relays, transaction, ...rest }: PlainShape): Shape => ({
  ...rest,
  // JSON has no undefined.
  transaction,
  mentions: new Set(mentions),
  calls: new Set(calls),
  relays: relays.map((it) => ({ name: it.name, calls: new Set(it.calls) })),
});
