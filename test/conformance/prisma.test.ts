/** Prisma Migrate itself agrees with what was applied here, and we with what it applied. */
import { deepEqual, equal, match } from 'node:assert/strict';
import type { ApplyResult, Project } from '../../server/engine/project';
import { checked, never, projectOf, withWorkspace, type Workspace } from '../engine/support';
import { runPrisma } from '../support/prisma';
import { binariesOf, type Major, servers, withDatabase } from '../support/servers';
import { withSession } from '../support/session';
import { tablesOfSchema } from './project';

const [a, b, c] = ['20240101000000_a', '20240102000000_b', '20240103000000_c'];

interface Place extends Workspace {
  readonly url: string;
  readonly prisma: (command: string) => ReturnType<typeof runPrisma>;
  readonly project: () => Promise<Project>;
}

/** @param scripts by the names of their folders */
const withProject = (
  major: Major,
  scripts: Readonly<Record<string, string>>,
  use: (place: Place) => Promise<void>,
): Promise<void> =>
  withDatabase(major, (url) =>
    withWorkspace(
      {
        'migrations/migration_lock.toml': 'provider = "postgresql"\n',
        ...Object.fromEntries(
          Object.entries(scripts).map(([name, text]) => [`migrations/${name}/migration.sql`, text]),
        ),
      },
      async (workspace) => {
        await use({
          ...workspace,
          url,
          prisma: (command) => runPrisma(workspace.root, url, command),
          // What the tool does meanwhile, an engine hears of when it looks next.
          project: () => projectOf(workspace.engine({ binaries: [binariesOf(major)] })),
        });
      },
      { DATABASE_URL: url },
    ),
  );

const apply = async ({ project }: Place, which: 'all' | { readonly only: string } = 'all'): Promise<ApplyResult> =>
  (await project()).apply({ which, snapshot: false, disconnect: false }, () => {}, never);

const states = async ({ project }: Place): Promise<readonly string[]> =>
  (await (await project()).status()).migrations.map(({ version, state }) => `${version} ${state}`);

const tables = ({ url }: Place): Promise<readonly object[]> =>
  withSession(url, (session) => tablesOfSchema({ sql: (text) => session.rows(text) }, 'public'));

/** All that does not differ from run to run. */
const rows = ({ url }: Place): Promise<readonly object[]> =>
  withSession(url, (session) =>
    session.rows(
      `select migration_name as name, checksum, applied_steps_count as steps, length(id) as id, logs is not null as logs,
          finished_at >= started_at as finished, rolled_back_at is not null as rolled_back
        from _prisma_migrations order by started_at, migration_name`,
    ),
  );

const scripts = {
  [a]: 'CREATE TABLE a (id int);\r\nCREATE INDEX a_id ON a (id);\r\n',
  [b]: '-- größer\nCREATE INDEX CONCURRENTLY a_id2 ON a (id);',
  [c]: '',
};

const failing = { ...scripts, [b]: 'CREATE TABLE b (id int);\nSELECT 1/0;\n' };

/** As we do it. */
async function repair({ project }: Place, command: string): Promise<void> {
  const found = await project();
  const wanted = (await found.repairs()).find((it) => it.command === command);
  if (!wanted) throw new Error(`${command} is not offered`);
  await found.repair(wanted, { disconnect: false }, never);
}

for (const major of Object.values(servers)) {
  describe(`beside Prisma on PostgreSQL ${major}`, () => {
    it('all of it is the same, whoever applies it', () =>
      withProject(major, scripts, (ours) =>
        withProject(major, scripts, async (theirs) => {
          equal((await apply(ours)).kind, 'done');
          match((await theirs.prisma('deploy')).output, /All migrations have been successfully applied/);
          deepEqual(await rows(ours), await rows(theirs));
          deepEqual(await tables(ours), await tables(theirs));
          const all = [a, b, c].map((it) => `${it} applied`);
          deepEqual([await states(ours), await states(theirs)], [all, all]);
          match((await ours.prisma('status')).output, /Database schema is up to date/);
          match((await ours.prisma('deploy')).output, /No pending migrations to apply/);
          deepEqual((await apply(theirs)).kind, 'nothing');
        }),
      ));

    it('each goes on where the other has stopped, older ones too', () =>
      withProject(major, scripts, async (place) => {
        await apply(place, { only: a });
        await apply(place, { only: c });
        match((await place.prisma('status')).output, new RegExp(`not yet been applied:\\s+${b}`));
        equal((await place.prisma('deploy')).code, 0);
        deepEqual(await states(place), [`${a} applied`, `${b} applied`, `${c} applied`]);
        place.write(`migrations/${a}/migration.sql`, scripts[a]!.replaceAll('\r', ''));
        place.write(`migrations/${b}/migration.sql`, `${scripts[b]} `);
        deepEqual(await states(place), [`${a} applied`, `${b} edited`, `${c} applied`]);
      }));

    it('both stop at a script that failed', () =>
      withProject(major, failing, (ours) =>
        withProject(major, failing, async (theirs) => {
          const refused = await apply(ours);
          equal(refused.kind, 'refused');
          match(refused.kind === 'refused' ? refused.state : '', /migrate resolve --rolled-back "20240102000000_b"/);
          match((await theirs.prisma('deploy')).output, /division by zero/);
          deepEqual(await rows(ours), await rows(theirs));
          match((await ours.prisma('deploy')).output, /P3009[^]+20240102000000_b/);
          for (const place of [ours, theirs]) {
            const { blocked = '' } = await (await place.project()).status();
            match(blocked, /\(P3009\): of 20240102000000_b it is recorded that it was refused \(.*division by zero\)/);
          }
        }),
      ));

    it('both go on once it is resolved, by Prisma or here', () =>
      withProject(major, failing, async (place) => {
        for (const resolve of [
          async () => match((await place.prisma(`resolve --rolled-back ${b}`)).output, /marked as rolled back/),
          () => repair(place, `prisma migrate resolve --rolled-back "${b}"`),
        ]) {
          equal((await apply(place)).kind, 'refused');
          await resolve();
          deepEqual((await states(place)).slice(1), [`${b} pending`, `${c} pending`]);
        }
        place.write(`migrations/${b}/migration.sql`, 'CREATE TABLE b (id int);\n');
        match((await place.prisma('deploy')).output, /All migrations have been successfully applied/);
        deepEqual(await states(place), [`${a} applied`, `${b} applied`, `${c} applied`]);
      }));

    it('both write the same when what failed is recorded as applied', () =>
      withProject(major, failing, (ours) =>
        withProject(major, failing, async (theirs) => {
          for (const place of [ours, theirs]) equal((await apply(place)).kind, 'refused');
          await repair(ours, `prisma migrate resolve --applied "${b}"`);
          match((await theirs.prisma(`resolve --applied ${b}`)).output, /marked as applied/);
          deepEqual(await rows(ours), await rows(theirs));
          equal((await ours.prisma('deploy')).code, 0);
          deepEqual(await states(ours), [`${a} applied`, `${b} applied`, `${c} applied`]);
          deepEqual(await (await ours.project()).repairs(), []);
        }),
      ));

    it('both write the same when a database with tables is begun with', () =>
      withProject(major, scripts, (ours) =>
        withProject(major, scripts, async (theirs) => {
          for (const { url } of [ours, theirs])
            await withSession(url, (session) => session.run('create table a (id int)'));
          await repair(ours, `prisma migrate resolve --applied "${b}", after the same for each one before it`);
          for (const name of [a, b]) equal((await theirs.prisma(`resolve --applied ${name}`)).code, 0);
          const known = (await rows(theirs)).map((it) => JSON.stringify(it)).toSorted();
          deepEqual((await rows(ours)).map((it) => JSON.stringify(it)).toSorted(), known);
          deepEqual(await tables(ours), await tables(theirs));
          match((await ours.prisma('deploy')).output, /All migrations have been successfully applied/);
        }),
      ));

    it('both refuse to begin among tables, and take what was resolved for applied', () =>
      withProject(major, scripts, async (place) => {
        await withSession(place.url, (session) => session.run('create table a (id int)'));
        match((await place.prisma('deploy')).output, /P3005/);
        match((await (await place.project()).status()).blocked ?? '', /P3005/);
        await apply(place).then(
          () => Promise.reject(new Error('applied')),
          ({ code }: { readonly code: string }) => equal(code, 'blocked'),
        );
        equal((await place.prisma(`resolve --applied ${a}`)).code, 0);
        deepEqual(await states(place), [`${a} applied`, `${b} pending`, `${c} pending`]);
        equal((await apply(place)).kind, 'done');
      }));

    it('both lose their table to a script that empties search_path, and say so before', () => {
      const dump = {
        [a]: "SELECT pg_catalog.set_config('search_path', '', false);\ncreate table public.a (id int);\n",
      };
      return withProject(major, dump, (ours) =>
        withProject(major, dump, async (theirs) => {
          deepEqual(
            (await checked(await ours.project())).findings.map(({ code }) => code),
            ['prisma-search-path'],
          );
          await apply(ours).then(
            () => Promise.reject(new Error('applied')),
            ({ message }: Error) => match(message, /relation "_prisma_migrations" does not exist/),
          );
          match((await theirs.prisma('deploy')).output, /table for model `_prisma_migrations` does not exist/);
          deepEqual(await rows(ours), await rows(theirs));
        }),
      );
    });

    it('of two that apply at the same time each migration is applied by one', () =>
      withProject(major, { ...scripts, [b]: 'CREATE TABLE b (id int);\nSELECT pg_sleep(1);\n' }, async (place) => {
        const [theirs, ours] = await Promise.all([place.prisma('deploy'), apply(place)]);
        deepEqual([theirs.code, ['done', 'nothing'].includes(ours.kind)], [0, true]);
        deepEqual(
          (await rows(place)).map((it) => 'name' in it && it.name),
          [a, b, c],
        );
      }));
  });
}
