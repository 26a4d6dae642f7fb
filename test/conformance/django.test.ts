/** The real Django: what it is said to do it does, what we let it apply it knows, and what it has applied we know. */
import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict';
import { readFileSync, rmSync } from 'node:fs';
import {
  DiagnosticSeverity,
  DidChangeWatchedFilesNotification,
  FileChangeType,
} from 'vscode-languageserver-protocol/node';
import { Fault } from '../../server/engine/base/fault';
import type { ApplyResult, Project } from '../../server/engine/project';
import { ListProjectsRequest, PreviewRequest, type ProjectItem, SqlRequest } from '../../server/protocol/messages';
import { briefly, checked, never, on, projectOf, withWorkspace, type Workspace } from '../engine/support';
import { withClient } from '../support/client';
import { debianPython, djangoFiles, type Ended, furtherMigration, manage, withDjango } from '../support/django';
import { uriOf } from '../../server/language/uri';
import { withLanguageServer } from '../support/languageServer';
import { until } from '../support/killable';
import { binariesOf, type Major, servers, withDatabase } from '../support/servers';

const everything = { which: 'all', disconnect: false, snapshot: false } as const;
const newest = { disconnect: false, snapshot: false } as const;
const environment = { REHEARSAL_PYTHON: debianPython };

interface TestProject {
  readonly url: string;
  readonly workspace: Workspace;
  /** As the files are now. */
  readonly open: () => Promise<Project>;
  readonly django: (...words: readonly string[]) => Promise<Ended>;
}

const withProject = (
  major: Major,
  use: (project: TestProject) => Promise<void>,
  more: Readonly<Record<string, string>> = {},
): Promise<void> =>
  withDatabase(major, (url) =>
    withWorkspace(
      { ...djangoFiles(url), ...more },
      (workspace) =>
        use({
          url,
          workspace,
          open: () => projectOf(workspace.engine({ binaries: [binariesOf(major)] })),
          django: (...words) => manage(workspace.root, ...words),
        }),
      environment,
    ),
  );

const applyAll = (project: Project): Promise<ApplyResult> => project.apply(everything, () => {}, never);

const statesOf = async (project: Project): Promise<readonly string[]> =>
  (await project.status()).migrations
    .filter(({ version }) => /^(?:shop|stock)\./.test(version))
    .map(({ version, state }) => `${version} ${state}`);

/** What Django itself says, in the same words. */
const shown = async (django: TestProject['django']): Promise<readonly string[]> => {
  const { output } = await django('showmigrations', '--plan');
  return [...output.matchAll(/^\[(.)\]\s+((?:shop|stock)\.\w+)/gm)].map(
    ([, mark, version]) => `${version} ${mark === 'X' ? 'applied' : 'pending'}`,
  );
};

const all = (state: string) =>
  ['shop.0001_initial', 'shop.0002_prices', 'stock.0001_initial'].map((it) => `${it} ${state}`);

/** Columns, constraints and indexes of everything but Django's own history. */
const schemaOf = (url: string): Promise<unknown> =>
  withClient(url, (query) =>
    query(
      `select 'column' as kind, c.relname || '.' || a.attname as name, format_type(a.atttypid, a.atttypmod) || case when a.attnotnull then ' not null' else '' end as says
          from pg_class c join pg_attribute a on a.attrelid = c.oid where c.relnamespace = 'public'::regnamespace and a.attnum > 0 and not a.attisdropped
            and c.relname !~ '^django_migrations' and c.relkind in ('r', 'v')
        union all select 'constraint', conrelid::regclass || '.' || conname, pg_get_constraintdef(oid) from pg_constraint where connamespace = 'public'::regnamespace and conrelid::regclass::text !~ 'django_migrations' and contype <> 'n'
        union all select 'index', indexname, indexdef from pg_indexes where schemaname = 'public' and tablename !~ '^django_migrations'
        order by 1, 2`,
    ),
  );

/** Runs what the document of a migration says forwards, or backwards. */
async function runTold(project: Project, url: string, direction: 'Forwards' | 'Backwards'): Promise<void> {
  const { asked, migrations } = project.folder;
  const order = direction === 'Forwards' ? migrations : migrations.toReversed();
  await withClient(url, async (query) => {
    for (const { upPath = '' } of order) {
      const section = asked?.get(upPath)?.sql.split(`-- ${direction}\n`)[1]?.split('\n-- Backwards\n')[0] ?? '';
      await query(section);
    }
  });
}

const oldest = servers.oldest;

describe('a project of Django', () => {
  before(withDjango);

  for (const major of Object.values(servers)) {
    it(`is told the SQL that Django sends on PostgreSQL ${major}, forwards and backwards`, () =>
      withProject(major, async ({ url, open, django, workspace }) => {
        const project = await open();
        deepEqual(project.folder.problems, []);
        await withDatabase(major, async (other) => {
          await runTold(project, other, 'Forwards');
          const { code, output } = await django('migrate');
          equal(code, 0, output);
          deepEqual(await schemaOf(other), await schemaOf(url));
          await runTold(project, other, 'Backwards');
          equal((await django('migrate', 'shop', 'zero')).code, 0);
          equal((await django('migrate', 'auth', 'zero')).code, 0);
          equal((await django('migrate', 'contenttypes', 'zero')).code, 0);
          deepEqual(await schemaOf(other), await schemaOf(url));
        });
        ok(workspace.log.some((line) => /^Django [\d.]+ told of /.test(line)));
      }));

    it(`is rehearsed, applied and reverted on PostgreSQL ${major} by Django itself`, () =>
      withProject(major, async ({ open, django, url }) => {
        const project = await open();
        equal(project.target.because, 'DATABASES in site_settings.settings');
        deepEqual(await statesOf(project), all('pending'));
        const check = await checked(project);
        deepEqual(
          check.findings.filter(({ severity }) => severity !== 'information'),
          [],
        );
        equal((await applyAll(project)).kind, 'done');
        deepEqual(await statesOf(project), all('applied'));
        deepEqual(await shown(django), all('applied'));
        equal((await django('migrate', '--check')).code, 0);
        const rows = await withClient(url, (query) => query('select sku from shop_product'));
        deepEqual(rows, [{ sku: 'one' }]);
        const reverted = await project.revert({ ...newest, versions: ['stock.0001_initial'] }, () => {}, never);
        equal(reverted.kind, 'done');
        deepEqual(await shown(django), [...all('applied').slice(0, 2), 'stock.0001_initial pending']);
        deepEqual(await statesOf(project), await shown(django));
        equal((await django('migrate')).code, 0);
        project.refresh();
        deepEqual(await statesOf(await open()), all('applied'));
      }));
  }

  it('knows what Django has applied, and what was edited since', () =>
    withProject(oldest, async ({ open, django, workspace }) => {
      equal((await django('migrate', 'shop')).code, 0);
      const project = await open();
      const states = [...all('applied').slice(0, 2), 'stock.0001_initial pending'];
      deepEqual(await statesOf(project), states);
      const [path = ''] = project.folder.migrations.flatMap(({ version, upPath }) =>
        version === 'shop.0002_prices' ? [upPath ?? ''] : [],
      );
      workspace.write('shop/migrations/0002_prices.py', `${readFileSync(path, 'utf8')}\n# later\n`);
      deepEqual(await statesOf(await open()), [states[0], 'shop.0002_prices edited', states[2]]);
    }));

  it('is told at the operation what Postgres refuses, before and after it was tried', () =>
    withProject(
      oldest,
      async ({ open, django, workspace }) => {
        for (const app of ['auth', 'stock']) equal((await django('migrate', app)).code, 0);
        const project = await open();
        const text = readFileSync(workspace.path('shop/migrations/0003_more.py'), 'utf8');
        const { findings } = await checked(project);
        const [finding] = findings.filter(({ severity }) => severity === 'error');
        deepEqual(
          [finding?.sqlState, text.slice(finding?.range.start, finding?.range.end)],
          ['42703', "migrations.RunSQL('create index on shop_product (nothing)', '')"],
        );
        const result = await applyAll(project);
        equal(result.kind, 'refused');
        if (result.kind !== 'refused') return;
        equal(result.version, 'shop.0003_more');
        match(result.state, /Django has rolled shop\.0003_more back; nothing of it stands\. stock\.0001_initial is/);
        equal(result.left, 'nothing');
        const { start, end } = result.finding.range;
        deepEqual(
          [result.finding.sqlState, result.text.slice(start, end)],
          ['42703', "migrations.RunSQL('create index on shop_product (nothing)', '')"],
        );
        deepEqual(
          await statesOf(await open()),
          [...all('applied').slice(0, 2), 'shop.0003_more pending', 'stock.0001_initial applied'].toSorted(),
        );
      },
      {
        'shop/migrations/0003_more.py': furtherMigration(
          `        migrations.AddField('order', 'note', models.TextField(default='')),
        migrations.RunSQL('create index on shop_product (nothing)', ''),`,
        ),
      },
    ));

  it('runs what is not atomic statement by statement, and says what stands', () =>
    withProject(
      oldest,
      async ({ open, django }) => {
        for (const app of ['auth', 'stock']) equal((await django('migrate', app)).code, 0);
        const project = await open();
        const asked = project.folder.asked?.get(
          project.folder.migrations.find((it) => it.version === 'shop.0003_apart')?.upPath ?? '',
        );
        deepEqual(
          asked?.scripts.map(({ direction, mode }) => [direction, mode]),
          [
            ['up', 'statements'],
            ['down', 'statements'],
          ],
        );
        deepEqual(briefly(await checked(project)), ['42P07 relation "shop_product" already exists']);
        const result = await applyAll(project);
        equal(result.kind, 'refused');
        if (result.kind === 'refused')
          match(result.state, /Django commits shop\.0003_apart in parts: what it did before it was cut off may stand/);
      },
      {
        'shop/migrations/0003_apart.py': furtherMigration(
          `        migrations.RunSQL('create index concurrently later on shop_product (sku)', 'drop index concurrently later'),
        migrations.RunSQL('create table shop_product ()', migrations.RunSQL.noop),`,
        ).replace('    dependencies', '    atomic = False\n\n    dependencies'),
      },
    ));

  it('is cancelled in the middle of a statement, and nothing of it stands', () =>
    withProject(
      oldest,
      async ({ open, django, url }) => {
        for (const app of ['auth', 'stock']) equal((await django('migrate', app)).code, 0);
        const project = await open();
        const cancel = new AbortController();
        const applied = project.apply(everything, () => {}, cancel.signal);
        const sleeping = (): Promise<number> =>
          withClient(
            url,
            async (query) => (await query(`select pid from pg_stat_activity where wait_event = 'PgSleep'`)).length,
          );
        await until(async () => (await sleeping()) === 1 || undefined);
        cancel.abort();
        const result = await applied;
        equal(result.kind, 'cancelled');
        if (result.kind === 'cancelled')
          match(result.state, /Django has rolled shop\.0003_slow back; nothing of it stands/);
        equal(await sleeping(), 0);
        const columns = `select from information_schema.columns where table_name = 'shop_order' and column_name = 'note'`;
        deepEqual(await withClient(url, (query) => query(columns)), []);
        equal((await statesOf(await open())).includes('shop.0003_slow pending'), true);
      },
      {
        'shop/migrations/0003_slow.py': furtherMigration(
          `        migrations.AddField('order', 'note', models.TextField(default='')),
        migrations.RunSQL('select pg_sleep(300)', ''),`,
        ),
      },
    ));

  it('goes on with the database it had while Django cannot be asked', () =>
    withProject(oldest, async ({ workspace, url }) => {
      const engine = workspace.engine({ binaries: [binariesOf(oldest)] });
      const { name } = (await projectOf(engine)).target;
      equal(name, new URL(url).pathname.slice(1));
      workspace.write('site_settings/settings.py', 'import nowhere\n');
      const broken = await projectOf(engine);
      match(broken.folder.problems[0]?.message ?? '', /could not be asked/);
      equal(broken.target.name, name);
      const other = await projectOf(workspace.engine());
      await rejects(other.status(), (error) => error instanceof Fault && error.code === 'tool-failed');
    }));

  it('is left alone where Django would work on another database', () =>
    withProject(oldest, ({ workspace }) =>
      withDatabase(oldest, async (other) => {
        const project = await projectOf(workspace.engine({ target: on(other) }));
        await rejects(applyAll(project), (error) => error instanceof Fault && error.code === 'other-database');
        const embedded = await projectOf(workspace.engine({ target: () => ({ kind: 'embedded' }) }));
        await rejects(applyAll(embedded), (error) => error instanceof Fault && error.code === 'other-database');
      }),
    ));

  it('says why Django could not be asked, and keeps the list that the names tell', () =>
    withProject(oldest, async ({ workspace, open }) => {
      workspace.write('site_settings/settings.py', 'import nowhere\n');
      const broken = await open();
      match(
        broken.folder.problems[0]?.message ?? '',
        /^Django could not be asked: ModuleNotFoundError: No module named 'nowhere'/,
      );
      equal(broken.folder.migrations.length, 3);
      const missing = await projectOf(workspace.engine({ interpreters: { python: workspace.path('no/python') } }));
      match(missing.folder.problems[0]?.message ?? '', /cannot be started \(ENOENT\)\. Name the Python/);
      workspace.write(
        'site_settings/settings.py',
        djangoFiles('postgres://a@localhost/a')['site_settings/settings.py']?.replace('postgresql', 'sqlite3') ?? '',
      );
      match((await open()).folder.problems[0]?.message ?? '', /Django is configured for sqlite, not for Postgres/);
    }));

  it('says that two newest migrations of an app keep Django from going on', () =>
    withProject(
      oldest,
      async ({ open, django }) => {
        const { problems } = (await open()).folder;
        match(problems[0]?.message ?? '', /shop has several newest migrations \(0003_one, 0003_two\)/);
        match((await django('migrate')).output, /Conflicting migrations detected/);
      },
      { 'shop/migrations/0003_one.py': furtherMigration(''), 'shop/migrations/0003_two.py': furtherMigration('') },
    ));

  it('lets one of two that apply at the same time run, and nothing twice', () =>
    withProject(oldest, async ({ open }) => {
      const [one, other] = [await open(), await open()];
      const ends = await Promise.allSettled([applyAll(one), applyAll(other)]);
      const kinds = ends
        .map((it): string => (it.status === 'fulfilled' ? it.value.kind : (it.reason as Fault).code))
        .toSorted();
      ok(kinds.includes('done'), kinds.join());
      ok(
        ['nothing', 'locked', 'history-moved'].some((it) => kinds.includes(it)),
        kinds.join(),
      );
      deepEqual(await statesOf(await open()), all('applied'));
    }));

  it('gets a new migration behind the newest of its app, which Django takes for one', () =>
    withProject(oldest, async ({ open, django }) => {
      const { path, cursor } = (await open()).create('shop: add the note');
      match(path, /shop[\\/]migrations[\\/]0003_add_the_note\.py$/);
      match(readFileSync(path, 'utf8').slice(0, cursor), /operations = \[\n {8}$/);
      const { output } = await django('showmigrations', 'shop');
      match(output, /\[ \] 0003_add_the_note/);
      equal((await django('migrate')).code, 0);
      rmSync(path);
    }));

  it('shows in an editor the SQL, and what is refused at the operation', () =>
    withDatabase(oldest, async (url) => {
      const name = 'shop/migrations/0003_more.py';
      const files = {
        ...djangoFiles(url),
        [name]: furtherMigration(`        migrations.RunSQL('create index on shop_product (nothing)', ''),`),
      };
      const settings = { postgresBinaries: [binariesOf(oldest)], python: debianPython };
      await withLanguageServer({ files, initializationOptions: { settings } }, async ({ editor, path, write }) => {
        const uri = uriOf(path(name));
        editor.open(path(name), files[name] ?? '');
        const errors = await editor.diagnostics(path(name));
        deepEqual(
          errors.map(({ code, severity, range }) => [code, severity, range.start.line]),
          [['42703', DiagnosticSeverity.Error, 9]],
        );
        const { text } = await editor.connection.sendRequest(SqlRequest, { uri });
        match(text, /-- RunSQL \(line 10\)\ncreate index on shop_product \(nothing\);/);
        write(name, (files[name] ?? '').replace('(nothing)', '(sku)'));
        editor.edit(path(name), (files[name] ?? '').replace('(nothing)', '(sku)'));
        await editor.connection.sendNotification('textDocument/didSave', { textDocument: { uri } });
        await editor.until(
          () => editor.published.at(-1)?.uri === uri && editor.published.at(-1)?.diagnostics.length === 0,
          'the mended file',
        );
      });
    }));

  it('holds nobody up who asks for the projects of the window, and is waited for by what needs its answer', () =>
    withDatabase(oldest, async (url) => {
      const name = 'site/shop/migrations/0003_index.py';
      const indexed = (columns: string) =>
        furtherMigration(`        migrations.RunSQL('create index on shop_product (${columns})', ''),`);
      const files = Object.fromEntries(Object.entries(djangoFiles(url)).map(([file, text]) => [`site/${file}`, text]));
      const settingsName = 'site/site_settings/settings.py';
      const isClosed = "os.path.exists(os.path.join(os.path.dirname(__file__), 'closed'))";
      const gated = `import os, time\nwhile ${isClosed}:\n    time.sleep(0.05)\n${files[settingsName]}`;
      const beginning = {
        files: {
          ...files,
          [settingsName]: gated,
          [name]: indexed('sku'),
          'site/site_settings/closed': '',
          'db/migrations/20260101000000_one.sql': '-- migrate:up\nselect 1;\n-- migrate:down\nselect 2;\n',
        },
        environment: { DATABASE_URL: url },
        initializationOptions: { settings: { postgresBinaries: [binariesOf(oldest)], python: debianPython } },
      };
      await withLanguageServer(beginning, async ({ editor, path, write }) => {
        const { connection } = editor;
        const folderOf = (label: RegExp, items: readonly ProjectItem[]) => {
          const item = items.find(({ layout }) => label.test(layout));
          ok(item, `${label} among ${items.map(({ layout }) => layout).join()}`);
          return item;
        };
        const list = () => connection.sendRequest(ListProjectsRequest);
        const first = await list();
        equal(folderOf(/Django/, first).fault?.fault, 'tool-asked');
        equal(folderOf(/dbmate/, first).fault, undefined);
        rmSync(path('site/site_settings/closed'));
        const told = await until(async () => {
          const item = folderOf(/Django/, await list());
          return item.fault === undefined ? item : undefined;
        });
        const versionsOf = ({ migrations }: ProjectItem) => migrations.map(({ version }) => version);
        ok(versionsOf(told).includes('shop.0003_index'));

        write('site/site_settings/closed', '');
        write(name, indexed('id'));
        await connection.sendNotification(DidChangeWatchedFilesNotification.type, {
          changes: [{ uri: uriOf(path(name)), type: FileChangeType.Changed }],
        });
        const meanwhile = folderOf(/Django/, await list());
        deepEqual([meanwhile.fault, versionsOf(meanwhile)], [undefined, versionsOf(told)]);
        let previewed = false;
        const preview = connection
          .sendRequest(PreviewRequest, { folder: told.folder, uri: uriOf(path(name)) })
          .finally(() => (previewed = true));
        await list();
        equal(previewed, false);
        rmSync(path('site/site_settings/closed'));
        const { after } = await preview;
        deepEqual(after.match(/INDEX shop_product_\w+_idx/g), ['INDEX shop_product_id_idx']);
      });
    }));
});
