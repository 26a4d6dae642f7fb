/** Snapshots and applies of the embedded database: files that are exchanged whole. */
import { deepEqual, equal, match, rejects } from 'node:assert/strict';
import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { applyMigrations, revertMigrations } from '../../server/engine/apply/apply';
import { recoverApplies } from '../../server/engine/apply/recover';
import { openJournal } from '../../server/engine/base/journal';
import { embeddedDatabase } from '../../server/engine/database/embedded';
import { recoverSnapshots } from '../../server/engine/snapshots/recover';
import { dropSnapshot, listSnapshots, restoreSnapshot, takeSnapshot } from '../../server/engine/snapshots/snapshots';
import { dataPath } from '../../server/engine/snapshots/registry';
import { type SnapshotStep, topic } from '../../server/engine/snapshots/steps';
import type { EmbeddedTarget, Surroundings } from '../../server/engine/snapshots/target';
import { jobOn } from '../apply/support';
import { isFault } from '../support/faults';
import { withFolder } from '../support/files';
import { startKillable, until } from '../support/killable';
import { assets } from './support';

const order = { reason: 'by hand', version: '7', disconnect: false };

const source = `--- 1_a.up.sql
create table a (id int);
insert into a values (1);
--- 1_a.down.sql
drop table a;
--- 2_b.up.sql
create table b (id int);
do $$ begin loop perform 1; end loop; end $$;
--- 3_c.up.sql
select missing;
--     ^^^^^^^ 42703 column "missing" does not exist
`;

describe('the embedded database', () => {
  it('is kept before it was ever written to, and put back', () =>
    withEmbedded(async (target, around) => {
      const empty = await taken(target, around);
      await write(target, 'create table item (id int)');
      const filled = await taken(target, around);
      deepEqual(await read(target, 'select * from item'), []);
      const done = await restoreSnapshot(target, empty, { version: '8', disconnect: false }, around);
      if (done.kind !== 'restored') throw new Error('nobody else can be there');
      await rejects(read(target, 'select * from item'), isFault('refused'));
      deepEqual(
        (await listSnapshots(target, around)).map(({ id }) => id),
        [done.kept.id, filled, empty],
      );
      await restoreSnapshot(target, done.kept.id, { version: '7', disconnect: false }, around);
      deepEqual(await read(target, 'select * from item'), []);
      await dropSnapshot(target, filled, around);
      await rejects(restoreSnapshot(target, filled, order, around), isFault('no-such-snapshot'));
    }));

  it('a snapshot is dropped with its file, unless somebody is at work on the database', () =>
    withEmbedded(async (target, around) => {
      const [first, second] = [await taken(target, around), await taken(target, around)];
      const session = await target.database.open('write');
      await rejects(dropSnapshot(target, first, around), isFault('locked'));
      await session.close();
      await dropSnapshot(target, first, around);
      deepEqual(readdirSync(join(around.storage, 'snapshots')).toSorted(), [`${second}.data`, `${second}.json`]);
      await rejects(dropSnapshot(target, first, around), isFault('no-such-snapshot'));
      // What the disk looks like after a kill between the two removals.
      rmSync(dataPath(around.storage, second));
      deepEqual(await listSnapshots(target, around), []);
    }));

  it('is not exchanged under somebody who writes', () =>
    withEmbedded(async (target, around) => {
      const snapshot = await taken(target, around);
      const session = await target.database.open('write');
      await rejects(restoreSnapshot(target, snapshot, order, around), isFault('locked'));
      await session.close();
      equal((await restoreSnapshot(target, snapshot, order, around)).kind, 'restored');
    }));

  it('a restore that was cut off is finished or undone', () =>
    withEmbedded(async (target, around) => {
      const first = await taken(target, around);
      await write(target, 'create table item (id int)');
      for (const replaced of [false, true]) {
        const [kept] = [await takeSnapshot(target, order, around)];
        if (kept.kind !== 'taken') throw new Error('nobody else can be there');
        // What the disk looks like after a kill before and after the rename.
        const journal = openJournal<SnapshotStep>(around.storage, topic, target.database.id, around.now());
        const { id } = kept.snapshot;
        journal.note({ step: 'replace', kept: JSON.parse(readFileSync(entryOf(around, id), 'utf8')) });
        journal.leave();
        if (replaced) copyFileSync(dataPath(around.storage, first), target.path);
        const [told] = await recoverSnapshots(target, around);
        match(told ?? '', replaced ? /The snapshot was restored; .* kept as/ : /Nothing was restored/);
        equal(existsSync(entryOf(around, id)), replaced);
        deepEqual(await recoverSnapshots(target, around), []);
      }
    }));

  it('migrations are applied, refused, cancelled and reverted; a cancel leaves what was done before', () =>
    withEmbedded(async (target, around) => {
      const cancel = new AbortController();
      const job = jobOn(target.database, around.storage, 'golang-migrate', source, {
        signal: cancel.signal,
        progress: ({ message }) => {
          if (message.includes('2 b: statement 2')) setImmediate(() => cancel.abort());
        },
      });
      const cancelled = await applyMigrations(job, ['1', '2']);
      if (cancelled.kind !== 'cancelled') throw new Error(JSON.stringify(cancelled));
      deepEqual(cancelled.migrations, ['1']);
      equal(cancelled.state, 'Nothing of 2 stands. 1 is the newest applied migration.');

      const again = jobOn(target.database, around.storage, 'golang-migrate', source);
      deepEqual(await recoverApplies(again).then((it) => it.length), 1);
      deepEqual(await read(target, 'select * from a'), [{ id: 1 }]);
      equal((await revertMigrations(again, ['1'])).kind, 'done');
      await rejects(read(target, 'select * from a'), isFault('refused'));
    }));

  it('a process killed in the middle of an apply leaves what was done before', () =>
    withEmbedded(async (target, around) => {
      const running = startKillable(join(__dirname, '../apply/embeddedChild.ts'), {
        file: target.path,
        storage: around.storage,
        source,
      });
      const job = jobOn(target.database, around.storage, 'golang-migrate', source);
      await until(async () => (existsSync(join(around.storage, 'at-statement-2')) ? true : undefined));
      deepEqual(await recoverApplies(job), [], 'it is still at work');
      await running.kill();
      const [told] = await recoverApplies(job);
      match(
        told ?? '',
        /in the middle of 2, which was rolled back: nothing of it stands\. 1 is the newest applied migration\.$/,
      );
      deepEqual(await read(target, 'select * from a'), [{ id: 1 }]);
    }));
});

async function withEmbedded(use: (target: EmbeddedTarget, around: Surroundings) => Promise<void>): Promise<void> {
  await withFolder(async (storage) => {
    const path = join(storage, 'embedded', 'dev.tar');
    const atFile = (file: string) => embeddedDatabase({ file, assets, label: 'embedded', name: 'embedded' });
    const { signal } = new AbortController();
    await use(
      { kind: 'embedded', database: atFile(path), path, atFile },
      { storage, now: () => new Date(), log: () => {}, signal },
    );
  });
}

async function taken(target: EmbeddedTarget, around: Surroundings): Promise<string> {
  const result = await takeSnapshot(target, order, around);
  if (result.kind !== 'taken') throw new Error('nobody else can be there');
  return result.snapshot.id;
}

async function write({ database }: EmbeddedTarget, sql: string): Promise<void> {
  const session = await database.open('write');
  await session.rows(sql);
  await session.close();
}

async function read({ database }: EmbeddedTarget, sql: string): Promise<readonly object[]> {
  const session = await database.open('read');
  try {
    return await session.rows(sql);
  } finally {
    await session.close();
  }
}

const entryOf = ({ storage }: Surroundings, id: string): string => join(storage, 'snapshots', `${id}.json`);
