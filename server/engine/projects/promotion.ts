/** Which migrations are where, and are two targets with the same ones the same? Targets are read, never written. */
import { Fault } from '../base/fault';
import { untilAborted } from '../base/untilAborted';
import type { Engine, MigrationState, MigrationStatus, ObjectChange, Project, Status, TargetInfo } from '../project';
import { differenceOf } from '../schema/difference';
import { canonicalText, objectsOf, type SchemaObject, usualOwner, withOwners } from '../schema/schemaText';

/** A folder of migrations with one of its targets. */
export interface Stage {
  readonly name: string;
  readonly project: Project;
}

/** Where one target of a folder stands, as far as it answers. */
export interface EnvironmentState {
  /** Of the environment; `development`, else `current`, for the target of the editor where no environment names it. */
  readonly name: string;
  readonly target: TargetInfo;
  readonly answer: EnvironmentAnswer;
}

export type EnvironmentAnswer =
  | { readonly kind: 'status'; readonly status: Status }
  | { readonly kind: 'fault'; readonly code: string; readonly message: string };

/** One migration, and where it is. */
export interface PromotionRow {
  readonly version: string;
  readonly title: string;
  /** By the names of environments; those that did not answer are left out. */
  readonly states: Readonly<Record<string, MigrationState>>;
}

/** Two targets that have the same migrations, and whether they have the same schema. */
export interface Comparison {
  readonly name: string;
  /** That of the same versions which is named first. */
  readonly with: string;
  /** What is another one in `name` than in `with`: drift. */
  readonly changes: readonly ObjectChange[];
}

const developmentName = 'development';

/** One that does not answer until then holds up nobody any longer, in milliseconds. */
const answerMs = 15_000;

/**
 * That for development first, then the environments as they are written. Nothing is connected.
 *
 * @throws {Fault} `bad-environments`, `not-readable`
 */
export async function stagesOf(engine: Engine, project: Project): Promise<readonly Stage[]> {
  const stages: Stage[] = [];
  for (const { name } of project.environments()) stages.push({ name, project: await stageAt(engine, project, name) });
  const isNamed = stages.some((it) => it.project.target.id === project.target.id);
  const name = stages.some((it) => it.name === developmentName) ? 'current' : developmentName;
  return isNamed ? stages : [{ name, project }, ...stages];
}

/** The same folder with the target of an environment. */
async function stageAt(engine: Engine, { folder }: Project, name: string): Promise<Project> {
  const found = (await engine.projects(name)).find((it) => it.folder.path === folder.path);
  if (!found) throw new Fault('no-migrations', `${folder.path} is not there any more.`);
  return found;
}

/** All at the same time. What does not answer is told as a fault of that one. */
export const statesOf = (stages: readonly Stage[], signal: AbortSignal): Promise<readonly EnvironmentState[]> =>
  Promise.all(stages.map((it) => stateOf(it, signal)));

export async function stateOf({ name, project }: Stage, signal: AbortSignal): Promise<EnvironmentState> {
  return { name, target: project.target, answer: await answerOf(project, signal) };
}

async function answerOf(project: Project, signal: AbortSignal): Promise<EnvironmentAnswer> {
  const late = AbortSignal.timeout(answerMs);
  const either = AbortSignal.any([signal, late]);
  try {
    return { kind: 'status', status: await untilAborted(project.status(either), either) };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof Fault) return { kind: 'fault', code: error.code, message: error.message };
    if (!late.aborted) throw error;
    const silent = new Fault('no-server', `${project.target.label} was silent for ${answerMs / 1_000} seconds.`);
    return { kind: 'fault', code: silent.code, message: silent.message };
  }
}

/** In the order of the folder; then what some database has and the folder lacks. */
export function promotionRows(states: readonly EnvironmentState[]): readonly PromotionRow[] {
  const rows = new Map<string, { version: string; title: string; states: Record<string, MigrationStatus['state']> }>();
  const answered = states.flatMap(({ name, answer }) =>
    answer.kind === 'status' ? [{ name, migrations: answer.status.migrations }] : [],
  );
  // Those with files first, which every status has in the same order.
  for (const isMissing of [false, true])
    for (const { name, migrations } of answered)
      for (const it of migrations.filter(({ migration }) => (migration === undefined) === isMissing)) {
        const key = it.migration?.upPath ?? it.version;
        const row = rows.get(key) ?? { version: it.version, title: it.title, states: {} };
        row.states[name] = it.state;
        rows.set(key, row);
      }
  return [...rows.values()];
}

/**
 * Of the targets with the same applied migrations, each with the one that is named first.
 *
 * @throws as Project.schema
 */
export async function comparisonsOf(
  stages: readonly Stage[],
  states: readonly EnvironmentState[],
  signal: AbortSignal,
): Promise<readonly Comparison[]> {
  const first = new Map<string, Stage>();
  const found: Comparison[] = [];
  for (const [i, stage] of stages.entries()) {
    const applied = appliedIn(states[i]);
    if (applied === undefined) continue;
    const reference = first.get(applied);
    if (reference)
      found.push({ name: stage.name, with: reference.name, changes: await driftOf(reference, stage, signal) });
    else first.set(applied, stage);
  }
  return found;
}

const driftOf = async (from: Stage, to: Stage, signal: AbortSignal): Promise<readonly ObjectChange[]> =>
  differenceOf(await objectsAt(from, signal), await objectsAt(to, signal));

/** The schema of a target, for people to hold it against that of another one. */
export const comparableText = async (project: Project, signal: AbortSignal): Promise<string> =>
  canonicalText(await objectsAt({ project }, signal));

/** Who owns what is usual in each of them is no difference between them. */
async function objectsAt({ project }: Pick<Stage, 'project'>, signal: AbortSignal): Promise<readonly SchemaObject[]> {
  const objects = objectsOf(await project.schema(signal));
  return withOwners(objects, usualOwner(objects));
}

function appliedIn(state: EnvironmentState | undefined): string | undefined {
  if (state?.answer.kind !== 'status') return undefined;
  const applied = state.answer.status.migrations.filter(({ state: it }) => it !== 'pending' && it !== 'skipped');
  return JSON.stringify(applied.map(({ version }) => version).toSorted());
}
