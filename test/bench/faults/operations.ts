/** What is cut off: each operation that keeps a journal, what has to be there before it, and how it is done. Add others here. */
import { applyMigrations, revertMigrations } from '../../../server/engine/apply/apply';
import { repairHistory } from '../../../server/engine/apply/repair';
import { exchangeBranches } from '../../../server/engine/snapshots/branchCopies';
import { takeDump } from '../../../server/engine/snapshots/dumpFile';
import {
  dropSnapshot,
  restoreSnapshot,
  restoreTablesOf,
  takeSnapshot,
} from '../../../server/engine/snapshots/snapshots';
import type { LayoutName } from '../../../server/engine/layouts/layout';
import type { ServerTarget, Surroundings } from '../../../server/engine/snapshots/target';
import { loadParser } from '../../../server/engine/sql/parse';
import { tryOut } from '../../../server/engine/trial/trial';
import { jobOn, repairsOf, type TestJob } from '../../apply/support';

export interface Operation {
  readonly name: string;
  /** Of the journal: `topic step`. A full run has to be cut off at each of them. */
  readonly steps: readonly string[];
  /** Who does it: `keeper` owns the target and may make no databases. */
  readonly by?: 'keeper';
  /**
   * - `target`: it is the target that is before or after
   * - `snapshot`: the target stays, and there is a snapshot after it
   * - `noSnapshot`: the target stays, and there is none after it
   */
  readonly changes: 'target' | 'snapshot' | 'noSnapshot';
  /** Tables that the target may have in between, where its tool commits each statement. */
  readonly between?: readonly (readonly string[])[];
  /** SQL that makes what it finds on the target; run with the tables of `content` there. */
  readonly prepare?: (scene: Scene) => Promise<string | undefined>;
  /** Whose history the next start looks at; dbmate's where no migrations are run. */
  readonly job?: (scene: Scene) => TestJob;
  /** @param id what `prepare` has returned */
  readonly run: (scene: Scene, id: string) => Promise<unknown>;
}

export interface Scene {
  readonly target: ServerTarget;
  readonly around: Surroundings;
  /** Runs SQL on the target. */
  readonly sql: (text: string) => Promise<unknown>;
}

/** Of every target: rows that were committed before anything began. */
export const content = `create table ledger (id int primary key, amount int not null, note text);
insert into ledger select n, n * 7, repeat('x', 200) from generate_series(1, 500) n;
create table gone (id int)`;

/** What has been written since a snapshot was taken. */
const later =
  'update ledger set amount = amount + 1; insert into ledger values (501, 1, null); insert into gone values (1)';

const order = { version: undefined, disconnect: true } as const;

const jobBy =
  (layout: LayoutName, source: string) =>
  ({ target, around }: Scene): TestJob =>
    jobOn(target.database, around.storage, layout, source);

const dbmate = jobBy(
  'dbmate',
  `--- 1_a.sql
-- migrate:up
create table a (id int);
insert into a select generate_series(1, 50);
create table b (id int);
-- migrate:down
drop table b;
drop table a;
`,
);

const statements = jobBy(
  'numbered',
  `--- 001_a.sql
-- rehearsal: no-transaction
create table a (id int);
create table b (id int);
create table c (id int);
`,
);

const golang = jobBy(
  'golang-migrate',
  `--- 1_a.up.sql
create table a ();
--- 1_a.down.sql
drop table a;
`,
);

export const nothing = jobBy('dbmate', '');

async function taken({ target, around }: Scene): Promise<string> {
  const result = await takeSnapshot(target, { ...order, reason: 'before' }, around);
  if (result.kind !== 'taken') throw new Error(`no snapshot: ${JSON.stringify(result)}`);
  return result.snapshot.id;
}

async function takenThenWritten(scene: Scene): Promise<string> {
  const id = await taken(scene);
  await scene.sql(later);
  return id;
}

async function dumpedThenWritten(scene: Scene): Promise<string> {
  const { id } = await takeDump(scene.target, { ...order, reason: 'before' }, 'a file is wanted', scene.around);
  await scene.sql(later);
  return id;
}

const restoring = ({ target, around }: Scene, id: string): Promise<unknown> =>
  restoreSnapshot(target, id, order, around);

const history = 'schema_migrations';

/** Has a database of `main`, and one of `feature`, which is the target and was written to since. */
async function branchedThenWritten(scene: Scene): Promise<undefined> {
  await switching('main')(scene);
  await switching('feature')(scene);
  await scene.sql(later);
}

const switching =
  (branch: string) =>
  ({ target, around }: Scene): Promise<unknown> =>
    exchangeBranches(target, { ...order, branch, formerly: [], was: undefined, origins: ['main'] }, around);

/** The ledger stays as it is now, and the other table does not. */
const carrying = ({ target, around }: Scene, id: string): Promise<unknown> =>
  restoreSnapshot(
    target,
    id,
    { ...order, carry: { tables: ['ledger'], known: { history, touched: () => undefined } } },
    around,
  );

async function tryingOut(scene: Scene): Promise<unknown> {
  await loadParser();
  const job = dbmate(scene);
  const trial = { ...order, versions: job.versions, from: 'copy', afterwards: 'swap' } as const;
  return tryOut(scene.target, trial, job, { ...scene.around, alone: (work) => work() });
}

export const operations: readonly Operation[] = [
  { name: 'snapshot', steps: ['snapshot copy'], changes: 'snapshot', run: (scene) => taken(scene) },
  { name: 'snapshot as a file', steps: [], by: 'keeper', changes: 'snapshot', run: (scene) => taken(scene) },
  {
    name: 'restore',
    steps: ['snapshot swap'],
    changes: 'target',
    prepare: takenThenWritten,
    run: restoring,
  },
  {
    name: 'restore from a file',
    steps: ['snapshot load', 'snapshot swap'],
    changes: 'target',
    prepare: dumpedThenWritten,
    run: restoring,
  },
  {
    name: 'restore in place',
    steps: ['snapshot overwrite'],
    by: 'keeper',
    changes: 'target',
    prepare: takenThenWritten,
    run: restoring,
  },
  {
    name: 'restore with rows carried over',
    steps: ['snapshot load', 'snapshot close', 'snapshot swap'],
    changes: 'target',
    prepare: takenThenWritten,
    run: carrying,
  },
  {
    name: 'restore of a table',
    steps: ['snapshot copy', 'snapshot open', 'snapshot refill'],
    changes: 'target',
    prepare: takenThenWritten,
    run: ({ target, around }, id) => restoreTablesOf(target, id, { ...order, tables: ['ledger'], history }, around),
  },
  {
    name: 'trial with swap',
    steps: ['snapshot close', 'snapshot trial', 'snapshot swap'],
    changes: 'target',
    job: dbmate,
    run: tryingOut,
  },
  {
    name: 'switch to the database of another branch',
    steps: ['snapshot swap'],
    changes: 'target',
    prepare: branchedThenWritten,
    run: switching('main'),
  },
  {
    name: 'switch to a new database of a branch',
    steps: ['snapshot load', 'snapshot swap'],
    changes: 'target',
    prepare: branchedThenWritten,
    run: switching('other'),
  },
  {
    name: 'delete',
    steps: ['snapshot drop'],
    changes: 'noSnapshot',
    prepare: taken,
    run: ({ target, around }, id) => dropSnapshot(target, id, around),
  },
  {
    name: 'apply',
    steps: ['apply run', 'apply commit'],
    changes: 'target',
    job: dbmate,
    run: (scene) => applyMigrations(dbmate(scene), ['1']),
  },
  {
    name: 'apply by statements',
    steps: ['apply statement'],
    changes: 'target',
    between: [['a'], ['a', 'b'], ['a', 'b', 'c']],
    job: statements,
    run: (scene) => applyMigrations(statements(scene), ['1']),
  },
  {
    name: 'revert',
    steps: ['apply run', 'apply commit'],
    changes: 'target',
    async prepare(scene) {
      await applyMigrations(dbmate(scene), ['1']);
      return undefined;
    },
    job: dbmate,
    run: (scene) => revertMigrations(dbmate(scene), ['1']),
  },
  {
    name: 'repair',
    steps: [],
    changes: 'target',
    async prepare(scene) {
      await applyMigrations(golang(scene), ['1']);
      await scene.sql('update schema_migrations set dirty = true');
      return undefined;
    },
    job: golang,
    async run(scene) {
      const job = golang(scene);
      const [repair] = await repairsOf(job);
      if (!repair) throw new Error('there is nothing to repair');
      await repairHistory(job, repair.statements);
    },
  },
];
