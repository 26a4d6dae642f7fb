/** Prisma's history on real servers, as the engine writes it (prisma/prisma-engines: sql_migration_persistence.rs). */
import { deepEqual, equal, match, rejects } from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { Fault } from '../../server/engine/base/fault';
import type { HistoryStep, StepRefusal } from '../../server/engine/history/history';
import { prismaHistory } from '../../server/engine/history/prisma';
import { matchesChecksum, prismaChecksum } from '../../server/engine/history/prismaChecksum';
import { prismaLog } from '../../server/engine/history/prismaLog';
import type { Session } from '../../server/engine/database/session';
import { layoutOf } from '../../server/engine/layouts/find';
import { migrationsOf } from '../../server/engine/layouts/pairs';
import { type Major, servers, withDatabase } from '../support/servers';
import { withSession } from '../support/session';
import { folderFilesOf } from './support';

const text = 'create table a ();\r\n';

const [migration] = migrationsOf(
  [{ fileName: 'a/migration.sql', name: layoutOf('prisma').readName('a/migration.sql')! }],
  '/m',
);

const stepOf = (direction: 'up' | 'down'): HistoryStep => ({
  migration: migration!,
  previous: undefined,
  script: { direction },
  upText: text,
  statements: [],
  read: () => undefined,
});

const refusal: StepRefusal = {
  sqlState: '42P07',
  message: 'relation "a" already exists',
  range: { start: 13, end: 14 },
  standing: 0,
  statement: undefined,
};

const withBase = (major: Major, use: (session: Session, url: string) => Promise<void>): Promise<void> =>
  withDatabase(major, (url) => withSession(url, (session) => use(session, url)));

const rows = (session: Session): Promise<readonly object[]> =>
  session.rows(`select checksum, migration_name, logs, applied_steps_count as steps, finished_at is not null as finished,
    rolled_back_at is not null as "rolledBack" from _prisma_migrations order by started_at`);

for (const major of Object.values(servers)) {
  describe(`Prisma's history on Postgres ${major}`, () => {
    const history = prismaHistory({});
    const begun = {
      checksum: createHash('sha256').update(text).digest('hex'),
      migration_name: 'a',
      logs: null,
      steps: 0,
      finished: false,
      rolledBack: false,
    };

    it('has a row from before a script on, and is finished behind it', () =>
      withBase(major, async (session) => {
        equal((await history.read(session)).exists, false);
        await history.withLock(session, 1_000, async () => {
          await history.before?.(session, stepOf('up'));
          deepEqual(await rows(session), [begun]);
          await history.after(session, stepOf('up'));
        });
        deepEqual(await rows(session), [{ ...begun, steps: 1, finished: true }]);
        const state = await history.read(session);
        deepEqual([state.versions, state.applied(migration!), state.blocked], [['a'], 'applied', undefined]);
        deepEqual(
          [text, text.replace('\r', ''), `${text} `].map((it) => state.edited?.has(migration!, it)),
          [false, false, true],
        );
      }));

    it('says what to do about a failed one, and nothing while it runs', () =>
      withBase(major, (session, url) =>
        withSession(url, async (other) => {
          await history.withLock(session, 1_000, async () => {
            await history.before?.(session, stepOf('up'));
            equal((await history.read(other)).blocked, undefined);
            await history.failed?.(session, stepOf('up'), refusal);
          });
          const { blocked = '', applied } = await history.read(session);
          match(blocked, /of a it is recorded that it was refused \(relation "a" already exists\)/);
          match(blocked, /`prisma migrate resolve --rolled-back "a"` when nothing/);
          equal(applied(migration!), 'pending');
          const [repair] = (await history.read(session)).repairs?.(folderFilesOf({ migrations: [migration!] })) ?? [];
          equal(repair?.command, 'prisma migrate resolve --rolled-back "a"');
          for (const statement of repair?.statements ?? []) await session.rows(statement);
          const state = await history.read(session);
          deepEqual([state.blocked, state.versions, state.applied(migration!)], [undefined, [], 'pending']);
        }),
      ));

    it('takes back a row of which nothing stands', () =>
      withBase(major, (session) =>
        history.withLock(session, 1_000, async () => {
          await history.before?.(session, stepOf('up'));
          await history.withdraw?.(session, stepOf('up'));
          deepEqual(await rows(session), []);
        }),
      ));

    it('is not begun among tables of others, but for those of PostGIS', () =>
      withBase(major, async (session) => {
        await session.run('create table spatial_ref_sys (); create view v as select 1');
        equal((await history.read(session)).blocked, undefined);
        await session.run('create table t ()');
        await history.withLock(session, 1_000, async () => {
          const { blocked = '', exists } = await history.read(session);
          match(blocked, /public has tables, and no _prisma_migrations \(P3005\)/);
          equal(exists, false);
        });
      }));

    it('is in the schema that the URL names, and is told from the table of another tool', () =>
      withBase(major, async (session) => {
        const elsewhere = prismaHistory({ schema: 'my app' });
        await session.run('set search_path = "my app"');
        await elsewhere.withLock(session, 1_000, async () => elsewhere.before?.(session, stepOf('up')));
        equal((await elsewhere.read(session)).table, 'my app._prisma_migrations');
        await session.run('create table public._prisma_migrations (version text)');
        await rejects(history.read(session), (error) => error instanceof Fault && error.code === 'history-moved');
      }));
  });
}

describe("Prisma's checksum", () => {
  it('is that of the bytes, and is found whatever the line ends are', () => {
    const lines = fc.array(fc.string({ unit: 'binary' }).map((it) => it.replaceAll(/[\r\n]/g, '')));
    fc.assert(
      fc.property(lines, (lines) => {
        const [unix, windows] = [lines.join('\n'), lines.join('\r\n')];
        for (const [written, found] of [
          [unix, windows],
          [windows, unix],
          [unix, unix],
        ] as const)
          equal(matchesChecksum(found, prismaChecksum(written)), true);
        equal(matchesChecksum(`${unix}x`, prismaChecksum(unix)), false);
      }),
    );
  });

  it('of a former engine lacks zeros', () => {
    const full = prismaChecksum('select 1');
    const short = (full.match(/../g) ?? []).map((it) => it.replace(/^0/, '')).join('');
    deepEqual([short.length < 64, matchesChecksum('select 1', short)], [true, true]);
    deepEqual(
      [matchesChecksum('select 2', short), matchesChecksum('select 1', ''), matchesChecksum('', 'manual')],
      [false, false, false],
    );
  });
});

describe("Prisma's logs", () => {
  it('tell what Postgres has said, and where', () => {
    const lines = Array.from({ length: 7 }, (_, i) => `-- line ${i + 1}`).join('\n');
    const upText = `\uFEFF${lines}\ncreate tabl a;\n`;
    const start = upText.indexOf('tabl') - 1;
    const found = prismaLog(
      { ...stepOf('up'), upText },
      {
        ...refusal,
        sqlState: '42601',
        message: 'syntax error',
        hint: 'Look.',
        character: 8,
        range: { start, end: start + 4 },
      },
    );
    equal(
      found.slice(found.indexOf('Migration name')),
      `Migration name: a

Database error code: 42601

Database error:
ERROR: syntax error
HINT: Look.

Position:
  3 -- line 3
  4 -- line 4
  5 -- line 5
  6 -- line 6
  7 -- line 7
  8 create tabl a;`,
    );
    equal(
      prismaLog(stepOf('up'), { ...refusal, character: 14 }).endsWith('\nPosition:\n  0\n  1 create table a ();'),
      true,
    );
    equal(prismaLog(stepOf('up'), refusal).endsWith('ERROR: relation "a" already exists'), true);
  });
});
