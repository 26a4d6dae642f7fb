/** Runs statements that are no migration on the target: under the tool's lock, with a journal, recorded nowhere else. */
import type { MigrationName } from '../layouts/layout';
import type { ApplyResult } from '../project';
import { statementsIn } from '../layouts/statements';
import { carryOut } from './apply';
import type { Job } from './job';
import type { Planned } from './plan';
import { runPlan } from './runPlan';

export interface ApartScript {
  /** For people, in the place of a version: `the undoing of its drift`. */
  readonly what: string;
  readonly text: string;
  /** Whether all of it stands or nothing; else each statement lasts at once. */
  readonly together: boolean;
}

/** @throws {Fault} as applyMigrations */
export function runApart(job: Job, { what, text, together }: ApartScript): Promise<ApplyResult> {
  const range = { start: 0, end: text.length };
  const script = { direction: 'up', range, mode: together ? 'implicit' : 'statements' } as const;
  const name: MigrationName = { version: what, digits: what, order: what, title: '', direction: 'up' };
  const planned: Planned = {
    migration: { version: what, title: '', upPath: undefined, downPath: undefined, name },
    previous: undefined,
    direction: 'up',
    path: `${what}.sql`,
    text,
    upText: text,
    scripts: [{ script, statements: statementsIn(text, script) }],
  };
  const { layout, read, ofNothing, withLock } = job.history;
  const unrecorded = { layout, read, ofNothing, withLock, after: () => Promise.resolve() };
  return carryOut(
    job,
    () => Promise.resolve([planned]),
    (session, plan, trail) => runPlan({ ...job, history: unrecorded }, session, plan, trail),
  );
}
