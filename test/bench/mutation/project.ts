/** One history: each chosen migration is mutated at its place, and what we say is compared with what Postgres says. */
import { basename } from 'node:path';
import type { MigrationFile, Script } from '../../../server/engine/layouts/layout';
import { statementsIn } from '../../../server/engine/layouts/statements';
import { MigrationReader, type ReadFile, type ReadMigration } from '../../../server/engine/projects/links';
import type { Session } from '../../../server/engine/database/session';
import { diskFiles } from '../../../server/world';
import { enumsIn, rowsFor, tableOf } from './catalog';
import { compare, type Comparison } from './compare';
import { chosen, type Mutant, mutantsOf, sample } from './mutants';
import type { Rehearsals } from './rehearsed';
import { type Known, sitesOf } from './site';
import type { Truth, Verdict } from './truth';
import type { FileCheck } from '../../../server/engine/project';

export interface Plan {
  /** How many mutants of each class a script gives at most. */
  readonly each: number;
  /** How many migrations of a history are mutated at most. */
  readonly migrations: number;
  readonly seed: string;
  /** Only ids that begin so. */
  readonly only: string | undefined;
}

export interface Result {
  /** `shop/20260302090000_customers.sql/misspelt_table:3`; `…/original` for the file as it is. */
  readonly id: string;
  readonly class: string;
  readonly latent: boolean;
  readonly text: string;
  readonly verdict: Verdict;
  readonly check: FileCheck;
  readonly comparison: Comparison;
  readonly ms: { readonly truth: number; readonly check: number };
}

type Direction = Script['direction'];

export async function runProject(
  name: string,
  { truth, rehearsals }: { readonly truth: Truth; readonly rehearsals: Rehearsals },
  plan: Plan,
  onResult: (result: Result) => void,
): Promise<void> {
  const { folder } = rehearsals.project;
  const migrations = new MigrationReader().read(folder, diskFiles);
  const idOf = (file: ReadFile) => `${name}/${basename(file.path)}`;
  const isAsked = ({ files }: ReadMigration) => [...files.values()].some((it) => isWanted(`${idOf(it)}/`, plan));
  const keyOf = ({ migration }: ReadMigration) => `${plan.seed} ${migration.version}`;
  const mine = chosen(migrations.filter(isAsked), plan.migrations, keyOf);
  const last = migrations.findLastIndex((it) => mine.includes(it));
  const turn = async (migration: ReadMigration, direction: Direction) => {
    const file = migration.files.get(migration.link[direction]?.path ?? '');
    if (!file || !mine.includes(migration)) return;
    const read = (text: string) => inDirection(folder.layout.read(basename(file.path), text), direction);
    await runFile({ file, direction, id: idOf(file), truth, rehearsals, read }, plan, onResult);
  };
  for (const migration of migrations.slice(0, last + 1)) {
    const { up } = migration.link;
    await turn(migration, 'up');
    const verdict = await truth.advance(up.text, up.scripts);
    // Behind an up script that is refused nobody runs the one down.
    if (verdict.kind === 'accepted') await turn(migration, 'down');
  }
}

const inDirection = ({ scripts, problems }: MigrationFile, wanted: Direction): MigrationFile => ({
  scripts: scripts.filter(({ direction }) => direction === wanted),
  problems: problems.filter((it) => it.severity === 'error' && (it.direction ?? wanted) === wanted),
});

/** Asked for by an id or the beginning of one. */
const isWanted = (id: string, { only }: Plan): boolean =>
  only === undefined || id.startsWith(only) || (id.endsWith('/') && only.startsWith(id));

interface Turn {
  readonly file: ReadFile;
  readonly direction: Direction;
  readonly id: string;
  readonly truth: Truth;
  readonly rehearsals: Rehearsals;
  readonly read: (text: string) => MigrationFile;
}

/** A file that Postgres refuses as it is gives no mutants: nobody could say what a second mistake does. */
async function runFile(turn: Turn, plan: Plan, onResult: (result: Result) => void): Promise<void> {
  const { file, direction, id, truth, rehearsals, read } = turn;
  const original: Mutant = { name: 'original', mutator: asItIs, direction, text: file.text, wrong: undefined };
  const { scripts } = read(file.text);
  if (scripts.every((it) => statementsIn(file.text, it).length === 0)) return;
  const first = await judged(turn, original);
  if (isWanted(first.id, plan)) onResult(first);
  if (first.verdict.kind === 'refused') return;
  const all: Mutant[] = [];
  for (const script of scripts) {
    const known = await truth.onCopy((session) => knownOf(session, file.text, script, `${plan.seed} ${id}`));
    all.push(
      ...mutantsOf(
        sitesOf(file.text, script, ({ range }) => known(range.start)),
        direction,
      ),
    );
  }
  const some =
    plan.only === undefined
      ? sample(all, plan.each, `${plan.seed} ${id}`)
      : all.filter((it) => isWanted(`${id}/${it.name}`, plan));
  for (const mutant of some) onResult(await judged(turn, mutant));
  // The file as it is stands before the next one.
  await rehearsals.check(file.path, file.text);
}

const asItIs: Mutant['mutator'] = { name: 'original', shows: 'run', mutate: () => [] };

async function judged({ file, direction, id, truth, rehearsals, read }: Turn, mutant: Mutant): Promise<Result> {
  const { name, text, wrong, mutator } = mutant;
  const { scripts, problems } = read(text);
  const [verdict, truthMs] = await timed(async () => refusalByTool(problems) ?? truth.judge(text, scripts));
  const [check, checkMs] = await timed(() => rehearsals.check(file.path, text));
  const within = scripts.map(({ range }) => range);
  const comparison = compare(text, within, wrong, verdict, check);
  return {
    id: `${id}/${direction === 'down' && name === 'original' ? 'down_original' : name}`,
    class: name.replace(/:.*/, ''),
    latent: mutator.shows === 'latent',
    text,
    verdict,
    check,
    comparison: mutator.leaves === 'rows' ? { ...comparison, elsewhere: [] } : comparison,
    ms: { truth: truthMs, check: checkMs },
  };
}

/** What the tool cannot read never comes to Postgres. */
function refusalByTool([problem]: MigrationFile['problems']): Verdict | undefined {
  return problem && { kind: 'refused', statement: undefined, refusal: { sqlState: '', message: problem.message } };
}

async function timed<T>(work: () => Promise<T>): Promise<readonly [T, number]> {
  const begun = performance.now();
  return [await work(), performance.now() - begun];
}

/** Looked up at the statements that change tables; at some of them, for each costs a dozen queries. */
const mostLookedAt = 4;

async function knownOf(
  session: Session,
  text: string,
  script: Script,
  seed: string,
): Promise<(start: number) => Known> {
  const enums = chosen(await enumsIn(session), 1, (it) => `${seed} ${it}`);
  const statements = statementsIn(text, script);
  const looked = new Set(chosen(statements.filter(tableOf), mostLookedAt, (it) => `${seed} ${it.range.start}`));
  const rows = new Map<number, string | undefined>();
  await session.run('begin');
  for (const statement of statements) {
    if (session.transaction !== 'open') break;
    const table = looked.has(statement) ? tableOf(statement) : undefined;
    if (table !== undefined) rows.set(statement.range.start, await rowsFor(session, table));
    await session.run(statement.text);
  }
  if (session.transaction !== 'idle') await session.run('rollback');
  const first = statements[0]?.range.start;
  return (start) => ({ enums: start === first ? enums : [], rows: rows.get(start) });
}
