/** drizzle's folders: which are its, in which order their files run, what it passes over, and what is written for a new one. */
import { deepEqual, equal, match } from 'node:assert/strict';
import fc from 'fast-check';
import { drizzle } from '../../server/engine/layouts/drizzle';
import { configFor } from '../../server/engine/layouts/drizzleConfig';
import { contentsOf, findFolders, readFolder } from '../../server/engine/layouts/find';
import { messagesIn } from '../../server/engine/layouts/statements';
import { journalOf, whenOf } from '../support/drizzle';
import { filesOf } from '../support/files';

const journal = '/w/drizzle/meta/_journal.json';

const found = (texts: Readonly<Record<string, string>>): readonly string[] =>
  findFolders(['/w'], filesOf(texts)).map(
    ({ path, layout, because, migrations }) =>
      `${path} ${layout.name}, ${because}: ${migrations.map(({ upPath = '' }) => upPath.slice(path.length + 1)).join(' ')}`,
  );

const read = (texts: Readonly<Record<string, string>>) => readFolder('/w/drizzle', filesOf(texts), drizzle);

const problems = (texts: Readonly<Record<string, string>>): readonly string[] =>
  read(texts).problems.map(({ path, message }) => `${path.slice('/w/drizzle/'.length)}: ${message}`);

const withFiles = (tags: readonly string[], list = journalOf(tags)): Record<string, string> => ({
  [journal]: list,
  ...Object.fromEntries(tags.map((tag) => [`/w/drizzle/${tag}.sql`, 'select 1;'])),
});

const snapshot = (id: string, prevIds: readonly string[], more = {}): string =>
  JSON.stringify({ version: '9', type: 'diff', dialect: 'postgres', id, prevIds, ...more });

const config = `
  // out: './no'
  import { defineConfig } from "drizzle-kit";
  export default defineConfig({
    dialect: "postgresql", /* dialect: "mysql" */
    out: './drizzle', schema: './src/schema.ts',
    migrations: { table: \`done\`, schema: 'tools' },
    dbCredentials: { url: process.env.URL! },
  });`;

describe("drizzle's folders", () => {
  it('are known by the journal, and run in its order', () => {
    deepEqual(found(withFiles(['0001_b', '0000_a', 'plain'])), [
      '/w/drizzle drizzle, meta/_journal.json lists its migrations, for PostgreSQL: 0001_b.sql 0000_a.sql plain.sql',
    ]);
    const { migrations } = read(withFiles(['0001_b', '0000_a']));
    deepEqual(
      migrations.map(({ version, title, name: { digits } }) => [version, title, digits]),
      [
        [whenOf(0), '0001_b', '0001'],
        [whenOf(1), '0000_a', '0000'],
      ],
    );
  });

  it('are known since 1.0 by the snapshots of drizzle-kit, or by its configuration', () => {
    const files = { '/w/x/20240101000001_b/migration.sql': '', '/w/x/20240101000000_a/migration.sql': '' };
    deepEqual(found({ ...files, '/w/x/20240101000000_a/snapshot.json': snapshot('a', []) }), [
      '/w/x drizzle, 20240101000000_a/snapshot.json is a snapshot of drizzle-kit, for PostgreSQL: 20240101000000_a/migration.sql 20240101000001_b/migration.sql',
    ]);
    deepEqual(found(files), []);
    const named = found({ ...files, '/w/drizzle.config.ts': config.replace('./drizzle', 'x/') });
    match(named[0] ?? '', /drizzle, a drizzle\.config beside it names it/);
  });

  it("are not those of others, nor drizzle's own for other servers", () => {
    const mysql = withFiles(['0000_a'], journalOf(['0000_a']).replace('postgresql', 'mysql'));
    const prisma = '/w/prisma/migrations';
    for (const texts of [
      mysql,
      { '/w/m/20240101000000_a/migration.sql': '', '/w/m/20240101000000_a/snapshot.json': '{"dialect":"sqlite"}' },
      { [`${prisma}/20240101000000_a/migration.sql`]: '', [`${prisma}/migration_lock.toml`]: '' },
      { '/w/m/meta/_journal.json': '' },
    ])
      deepEqual(found(texts), []);
    match(found({ ...mysql, '/w/sql/1_a.up.sql': '', '/w/sql/1_a.down.sql': '' })[0] ?? '', /golang-migrate/);
  });

  it('are told of where they are not what drizzle takes', () => {
    const cases: readonly [Readonly<Record<string, string>>, readonly RegExp[]][] = [
      [withFiles(['0000_a']), []],
      [{ ...withFiles(['0000_a']), '/w/drizzle/0001_b.sql': '' }, [/^0001_b\.sql: drizzle never runs this file/]],
      [withFiles(['0000_a'], journalOf(['0000_a', '0001_b'])), [/refuses the whole folder: 0001_b\.sql is listed/]],
      [
        withFiles(['0000_a'], '{"dialect": "postgresql"'),
        [/^meta\/_journal\.json: drizzle cannot read it: it is no JSON/],
      ],
      [withFiles([], '<<<<<<< HEAD\n{}\n=======\n>>>>>>> x\n'), [/marks of a merge conflict/]],
      [withFiles([], '{"entries": [{"tag": "x"}]}'), [/its entry number 1 has no "tag" or no "when"/]],
      [withFiles([], '{"entries": [{"tag": "x", "when": 2.5}]}'), [/no "when" in whole milliseconds/]],
      [
        withFiles([], '{"entries": [{"tag": "../../x", "when": 1}, {"tag": "/etc/x", "when": 2}]}'),
        [/\.\.\/\.\.\/x\.sql, which is listed, lies outside/, /\/etc\/x\.sql, which is listed, lies outside/],
      ],
      [withFiles([], '{"entries": {}}'), [/no list of entries/]],
      [
        withFiles(['0000_a', '0001_b'], journalOf(['0000_a', '0001_b'], { '0001_b': { when: 5 } })),
        [/^0001_b\.sql: drizzle passes over this file where 0000_a is applied/],
      ],
      [
        withFiles(
          ['0000_a', '0000_b'],
          journalOf(['0000_a', '0000_b'], { '0000_b': { idx: 0, when: Number(whenOf(0)) } }),
        ),
        [/Version 1700000000000 stands twice/, /"idx" 0 stands twice, of 0000_a and of 0000_b/],
      ],
      [
        { ...withFiles(['0000_a']), '/w/drizzle/20240101000000_a/migration.sql': '' },
        [/^20240101000000_a\/migration\.sql: drizzle runs either the files/],
      ],
      [{ '/w/drizzle/1_a/migration.sql': '' }, [/does not begin with a time of 14 digits/]],
    ];
    for (const [texts, expected] of cases) {
      const told = problems(texts);
      equal(told.length, expected.length, told.join('\n'));
      for (const [i, words] of expected.entries()) match(told[i] ?? '', words);
    }
  });

  it('have what drizzle.config says in plain literals, of the folder that it names', () => {
    const of = (text: string, name = '../drizzle.config.ts', path = '/w/drizzle') =>
      configFor({ path, read: (it) => (it === name ? text : undefined) });
    deepEqual(of(config), { dialect: 'postgresql', table: 'done', schema: 'tools' });
    equal(of(config, '../../drizzle.config.ts', '/w/db/other'), undefined);
    deepEqual(of('{ "out": "src/db/m/", "dialect": "postgresql" }', '../../../drizzle.config.json', '/w/src/db/m'), {
      dialect: 'postgresql',
      table: undefined,
      schema: undefined,
    });
    equal(of("{ dialect: 'postgresql' }")?.dialect, 'postgresql', 'the usual folder');
    equal(of('{ migrations: { table: `a${x}`, schema: name() } }')?.table, undefined);
  });
});

describe("drizzle's files", () => {
  const sent = (text: string): readonly string[] => {
    const [script] = drizzle.read('0000_a.sql', text).scripts;
    return (script && messagesIn(text, script)?.map((it) => it.map((one) => one.text).join(', '))) ?? [];
  };

  it('are cut at each mark, wherever it stands', () => {
    deepEqual(sent('a;\n--> statement-breakpoint\r\nb; c;--> statement-breakpoint'), ['a', 'b, c']);
    deepEqual(sent("select '--> statement-breakpoint';"), ["select '", "';"]);
    deepEqual(sent(''), []);
    deepEqual(sent('copy t from stdin;\n1\n\\.\n'), ['copy t from stdin, 1\n\\.']);
  });

  it('lose nothing by it', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('--> statement-breakpoint', '-->', ' statement-breakpoint', 'a;', '\r\n')),
        (parts) => {
          const text = parts.join('');
          const pieces = drizzle.read('0000_a.sql', text).scripts[0]?.pieces ?? [];
          deepEqual(
            pieces.map(({ start, end }) => text.slice(start, end)),
            text.split('--> statement-breakpoint'),
          );
        },
      ),
    );
  });

  it('are told of where a mark is none, and where they end the transaction of all', () => {
    const told = (text: string) =>
      drizzle
        .read('0000_a.sql', text)
        .problems.map(({ code, range }) => `${code} «${text.slice(range.start, range.end)}»`);
    deepEqual(told('a;\n-- statement-breakpoint\nb;\n-->statement_breakpoint\n--> statement-breakpoint\n-- x'), [
      'drizzle-breakpoint «-- statement-breakpoint»',
      'drizzle-breakpoint «-->statement_breakpoint»',
    ]);
    deepEqual(told('begin; select 1; commit; rollback to s; ROLLBACK;'), [
      'ends-shared-transaction «commit»',
      'ends-shared-transaction «ROLLBACK»',
    ]);
  });
});

describe("drizzle's new migrations", () => {
  const now = new Date('2024-05-06T07:08:09.010Z');
  const made = (texts: Readonly<Record<string, string>>, title = 'Add Ä') => {
    const folder = contentsOf('/w/drizzle', filesOf(texts));
    const { migrations } = read(texts);
    return drizzle.skeleton(
      title,
      migrations.map(({ name }) => name),
      now,
      folder,
    );
  };
  const names = (texts: Readonly<Record<string, string>>) => made(texts).files.map(({ name }) => name);

  it('are named as the last one is, with an entry whose time is above all', () => {
    deepEqual(names({}), ['0000_add_a.sql', 'meta/0000_snapshot.json', 'meta/_journal.json']);
    deepEqual(names(withFiles(['0007_a'], journalOf(['0007_a'], { '0007_a': { idx: 7 } }))), [
      '0008_add_a.sql',
      'meta/0008_snapshot.json',
    ]);
    deepEqual(names(withFiles(['20240101000000_a']))[0], '20240506070809_add_a.sql');
    deepEqual(names(withFiles(['1700000000_a']))[0], '1714979289_add_a.sql');
    const late = withFiles(['0000_a'], journalOf(['0000_a'], { '0000_a': { when: now.getTime() + 5 } }));
    const list = JSON.parse(made(late).lists?.[0]?.text ?? '') as { entries: { when: number; tag: string }[] };
    deepEqual(
      list.entries.map(({ tag, when }) => `${tag} ${when - now.getTime()}`),
      ['0000_a 5', '0001_add_a 6'],
    );
    deepEqual(made(withFiles([], 'torn')).lists, []);
  });

  it('have the snapshot of the last one, as its child', () => {
    const texts = {
      ...withFiles(['0000_a']),
      '/w/drizzle/meta/0000_snapshot.json': '{"id":"one","prevId":"none","version":"7","tables":{"t":1}}',
    };
    const { id, ...rest } = JSON.parse(made(texts).files[1]?.text ?? '') as { id: string };
    match(id, /^[0-9a-f-]{36}$/);
    deepEqual(rest, { prevId: 'one', version: '7', tables: { t: 1 } });
    deepEqual(names({ ...texts, '/w/drizzle/meta/0000_snapshot.json': '<' }), ['0001_add_a.sql']);
  });

  it('stand since 1.0 upon all that nothing stands upon yet', () => {
    const at = (name: string, text: string) => ({
      [`/w/drizzle/${name}/migration.sql`]: '',
      [`/w/drizzle/${name}/snapshot.json`]: text,
    });
    const texts = {
      ...at('20240101000000_a', snapshot('a', ['0'], { type: 'base' })),
      ...at('20240101000001_b', snapshot('b', ['a'])),
      ...at('20240101000002_c', snapshot('c', ['a'])),
    };
    const [file, own] = made(texts).files;
    equal(file?.name, '20240506070809_add_a/migration.sql');
    const { id: _, ...rest } = JSON.parse(own?.text ?? '') as { id: string };
    const head = { version: '9', dialect: 'postgres' };
    deepEqual(rest, { type: 'diff', ...head, prevIds: ['b', 'c'], footprints: [], deltas: [] });
    const old = at(
      '20240101000000_a',
      '{"version":"8","dialect":"postgres","id":"a","prevIds":["0"],"ddl":[1],"renames":[2]}',
    );
    const { id: __, ...whole } = JSON.parse(made(old).files[1]?.text ?? '') as { id: string };
    deepEqual(whole, { version: '8', dialect: 'postgres', prevIds: ['a'], ddl: [1], renames: [] });
  });
});
