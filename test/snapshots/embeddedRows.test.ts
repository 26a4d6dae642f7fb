/** Snapshots of the embedded database: compared, rows of single tables put back, rows carried over, all in files. */
import { deepEqual, equal, rejects } from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { embeddedDatabase } from '../../server/engine/database/embedded';
import { forecast } from '../../server/engine/snapshots/forecast';
import {
  compareNamed,
  markNamed,
  restoreSnapshot,
  restoreTablesOf,
  tablesWrittenSince,
  takeSnapshot,
} from '../../server/engine/snapshots/snapshots';
import type { EmbeddedTarget } from '../../server/engine/snapshots/target';
import { isFault } from '../support/faults';
import { withFolder } from '../support/files';
import { assets } from './support';

const order = { reason: 'by hand', version: undefined, disconnect: false };
const known = { history: 'public.schema_migrations', touched: () => undefined };

describe('rows of the embedded database', function () {
  this.timeout(400_000);

  it('are compared, put back and carried over, whatever they hold', () =>
    withFolder(async (storage) => {
      const path = join(storage, 'embedded', 'dev.tar');
      const atFile = (file: string) => embeddedDatabase({ file, assets, label: 'embedded', name: 'embedded' });
      const target: EmbeddedTarget = { kind: 'embedded', database: atFile(path), path, atFile };
      const { signal } = new AbortController();
      const around = { storage, now: () => new Date(), log: () => {}, signal };
      await write(
        target,
        `create table parent (id int generated always as identity primary key, at timestamptz, doc jsonb, raw bytea);
         create table child (id serial primary key, parent int references parent, names text[], price numeric(40, 20));
         insert into parent (at, doc, raw) values ('2026-01-02 03:04:05.678901+02', 'null', '\\x00ff'), (null, '{"a": 1.10}', null);
         insert into child (parent, names, price) values (1, '{"it''s \\\\ fine",null}', 0.12345678901234567890)`,
      );
      const first = await stateOf(target);
      const taken = await takeSnapshot(target, order, around);
      if (taken.kind !== 'taken') throw new Error('nobody else can be there');
      const { id } = taken.snapshot;
      equal((await markNamed(target, id, { name: 'clean', pinned: true }, around)).name, 'clean');
      equal((await forecast(target, undefined, around)).kind, 'embedded');

      await write(target, `update child set names = null; insert into parent (doc) values ('3')`);
      const second = await stateOf(target);
      deepEqual((await compareNamed(target, id, undefined, around)).rows, [
        { table: 'public.child', before: 1, after: 1 },
        { table: 'public.parent', before: 2, after: 3 },
      ]);
      deepEqual(
        (await tablesWrittenSince(target, id, () => known, around)).map((it) => [it.table, it.added, it.changed]),
        [
          ['public.child', 0, 1],
          ['public.parent', 1, 0],
        ],
      );

      const tables = { tables: ['child'], history: known.history };
      const done = await restoreTablesOf(target, id, { ...order, ...tables }, around);
      equal(done.kind, 'restored');
      deepEqual(await stateOf(target), { child: first?.child, parent: second?.parent });

      await write(target, 'insert into child (parent) values (3)');
      const third = await stateOf(target);
      const carry = { tables: ['child'], known };
      await rejects(restoreSnapshot(target, id, { ...order, carry }, around), isFault('rows-refused'));
      deepEqual(await stateOf(target), third);
      const both = { tables: 'all', known } as const;
      const restored = await restoreSnapshot(target, id, { ...order, carry: both }, around);
      deepEqual(restored.kind === 'restored' && restored.carried, ['public.child', 'public.parent']);
      deepEqual(await stateOf(target), third);
      deepEqual(
        readdirSync(join(storage, 'snapshots')).filter((it) => !/\.(json|data)$/.test(it)),
        [],
      );
    }));
});

interface State {
  readonly parent: string;
  readonly child: string;
}

async function stateOf({ database }: EmbeddedTarget): Promise<State | undefined> {
  const session = await database.open('read');
  try {
    const [state] = await session.rows<State>(
      `select (select string_agg(p::text, '; ' order by id) from parent p) as parent,
         (select string_agg(c::text, '; ' order by id) from child c) as child`,
    );
    return state;
  } finally {
    await session.close();
  }
}

async function write({ database }: EmbeddedTarget, sql: string): Promise<void> {
  const session = await database.open('write');
  const answer = await session.run(sql);
  await session.close();
  equal(answer.kind, 'done', JSON.stringify(answer));
}
