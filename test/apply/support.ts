/** Jobs for the tests of this room: migrations written as one fixture text, on databases of the test servers. */
import { deepEqual, equal } from 'node:assert/strict';
import { posix } from 'node:path';
import { applyMigrations, revertMigrations } from '../../server/engine/apply/apply';
import type { Job } from '../../server/engine/apply/job';
import { repairHistory, repairsIn } from '../../server/engine/apply/repair';
import type { Database } from '../../server/engine/database/database';
import { onSession } from '../../server/engine/database/onSession';
import { histories } from '../../server/engine/history/all';
import type { Repair } from '../../server/engine/history/history';
import { layoutOf, readFolder } from '../../server/engine/layouts/find';
import type { LayoutName } from '../../server/engine/layouts/layout';
import type { ApplyResult, Progress } from '../../server/engine/project';
import { filesOf } from '../support/files';
import { type Fixture, fileNamed, parseFixture, render } from '../support/fixture';
import { type Place, withPlace } from '../snapshots/support';
import type { Major } from '../support/servers';
import { toolSettings } from '../support/toolSettings';

const path = '/shop/migrations';

export interface TestJob extends Job {
  readonly fixture: Fixture;
  readonly steps: readonly Progress[];
  /** Versions in the order of the folder. */
  readonly versions: readonly string[];
}

/** On a database of its own. */
export const withJob = (
  major: Major,
  layout: LayoutName,
  source: string,
  use: (job: TestJob, place: Place) => Promise<void>,
): Promise<void> => withPlace(major, (place) => use(jobFor(place, layout, source), place));

/** @param source migrations as `--- 1_name.up.sql` sections */
export function jobFor({ target, around }: Place, layout: LayoutName, source: string, over: Over = {}): TestJob {
  return jobOn(target.database, around.storage, layout, source, over);
}

export type Over = Partial<Pick<Job, 'signal' | 'progress' | 'waits'>>;

export function jobOn(
  database: Database,
  storage: string,
  layout: LayoutName,
  source: string,
  over: Over = {},
): TestJob {
  const fixture = parseFixture(source);
  const files = filesOf(Object.fromEntries(fixture.files.map(({ name, text }) => [`${path}/${name}`, text])));
  const folder = readFolder(path, files, layoutOf(layout));
  const steps: Progress[] = [];
  return {
    fixture,
    steps,
    database,
    history: histories[layout](
      toolSettings({
        path,
        read: (name) => files.read(posix.join(path, name)),
        list: (name) => files.list(posix.join(path, name)),
      }),
    ),
    folder,
    read: (file) => files.read(file),
    isMarked: (file) => files.isMarked(file),
    storage,
    now: () => new Date(),
    progress: (step) => void steps.push(step),
    signal: new AbortController().signal,
    versions: folder.migrations.map(({ version }) => version),
    ...over,
  };
}

type Ended<Kind> = Extract<ApplyResult, { readonly kind: Kind }>;

export async function mustApply(job: Job, versions: readonly string[]): Promise<Ended<'done'>> {
  return mustBe('done', await applyMigrations(job, versions));
}

export async function mustRefuse(job: Job, versions: readonly string[]): Promise<Ended<'refused'>> {
  return mustBe('refused', await applyMigrations(job, versions));
}

export async function mustRevert(job: Job, versions: readonly string[]): Promise<Ended<'done'>> {
  return mustBe('done', await revertMigrations(job, versions));
}

function mustBe<Kind extends ApplyResult['kind']>(kind: Kind, result: ApplyResult): Ended<Kind> {
  if (result.kind !== kind) throw new Error(`expected ${kind}, was ${JSON.stringify(result)}`);
  return result as Ended<Kind>;
}

/** The refusal is where the fixture marks it, with those words; the rest of the result is given back. */
export function sameRefusal(job: TestJob, result: ApplyResult): Ended<'refused'> {
  const refusal = mustBe('refused', result);
  const { finding, text } = refusal;
  const file = fileNamed(job.fixture, finding.path.slice(path.length + 1));
  const says = `${finding.sqlState} ${finding.message}`;
  equal(text, file.text);
  equal(render(file.text, [{ range: finding.range, says }]), render(file.text, file.marks));
  return refusal;
}

export const repairsOf = (job: Job): Promise<readonly Repair[]> =>
  onSession(job.database.open('read'), async (session) => repairsIn(await job.history.read(session), job));

/** Takes one of the ways out that are offered. */
export async function repaired(job: Job, nth: number): Promise<Repair> {
  const repair = (await repairsOf(job))[nth];
  if (!repair) throw new Error(`there is no repair ${nth}`);
  await repairHistory(job, repair.statements);
  return repair;
}

export async function tablesOf({ sql }: Place): Promise<readonly string[]> {
  const rows = await sql<{ name: string }>(
    `select relname as name from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace order by 1`,
  );
  return rows.map(({ name }) => name);
}

export async function sameTables(place: Place, expected: readonly string[]): Promise<void> {
  deepEqual(await tablesOf(place), expected);
}
