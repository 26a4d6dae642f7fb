/** The Supabase CLI's history on real servers; test/conformance asks the CLI itself. */
import { deepEqual, match, rejects } from 'node:assert/strict';
import { supabaseHistory } from '../../server/engine/history/supabase';
import { isFault } from '../support/faults';
import { servers } from '../support/servers';
import { withSession } from '../support/session';
import { step } from '../support/migrating';
import { withFolderAndDatabase } from './support';

const texts = {
  '1_a.sql': "create table a ();\nselect set_config('search_path', '', false);\n",
  '2_b.sql': 'create table b ();\n-- end\n',
  '10_c.sql': 'create table c ();\n',
};

for (const major of Object.values(servers)) {
  describe(`the Supabase CLI's history on Postgres ${major}`, () => {
    const history = supabaseHistory();

    it('has a row with the statements of each version, and refuses what comes too late', () =>
      withFolderAndDatabase(major, 'supabase', texts, async ({ session, folder }) => {
        deepEqual((await history.read(session)).exists, false);
        await step(session, history, folder, '1', 'up', texts);
        await step(session, history, folder, '2', 'up', texts);
        deepEqual(await session.rows('select * from supabase_migrations.schema_migrations order by version'), [
          { version: '1', statements: ['create table a ()', "select set_config('search_path', '', false)"], name: 'a' },
          { version: '2', statements: ['create table b ()', '-- end'], name: 'b' },
        ]);
        deepEqual(await session.rows("select to_regclass('public.b')::text as b"), [{ b: 'b' }]);
        const state = await history.read(session);
        deepEqual(
          folder.migrations.map((it) => `${it.version} ${state.applied(it)}`),
          ['1 applied', '10 pending', '2 applied'],
        );
        match(
          folder.migrations.map((it) => state.refuses?.(it) ?? '').join(),
          /^,The Supabase CLI refuses to go on: 10 is not applied, and 2 is/,
        );
        const [first] = folder.migrations;
        if (!first) throw new Error('there is one');
        deepEqual(
          [texts['1_a.sql'], `${texts['1_a.sql']}\n\n`, `-- x\n${texts['1_a.sql']}`].map((it) =>
            state.edited?.has(first, it),
          ),
          [false, false, true],
        );
      }));

    it('adds the columns that an early table lacks, and does not know what an early row held', () =>
      withFolderAndDatabase(major, 'supabase', texts, async ({ session, folder }) => {
        await session.rows('create schema supabase_migrations');
        await session.rows('create table supabase_migrations.schema_migrations (version text not null primary key)');
        await session.rows("insert into supabase_migrations.schema_migrations values ('1'), ('unknown')");
        const state = await history.read(session);
        const [first] = folder.migrations;
        deepEqual(
          [state.versions, first && state.applied(first), first && state.edited?.has(first, '')],
          [['1', 'unknown'], 'applied', false],
        );
        await history.withLock(session, 1_000, async () => {});
        deepEqual(await session.rows('select * from supabase_migrations.schema_migrations where version = $1', ['1']), [
          { version: '1', statements: null, name: null },
        ]);
      }));

    it('is told from another table of the name, and keeps two of us apart', () =>
      withFolderAndDatabase(major, 'supabase', texts, async ({ session, url }) => {
        await withSession(url, (other) =>
          history.withLock(session, 1_000, () =>
            rejects(
              history.withLock(other, 50, async () => {}),
              isFault('locked'),
            ),
          ),
        );
        await session.rows('alter table supabase_migrations.schema_migrations rename version to v');
        await rejects(history.read(session), isFault('history-moved'));
      }));
  });
}
