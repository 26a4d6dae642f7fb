/** Atlas's files: which there are, where it ends statements, what is refused, and whether atlas.sum agrees. */
import { deepEqual, equal } from 'node:assert/strict';
import fc from 'fast-check';
import { atlas } from '../../server/engine/layouts/atlas';
import { atlasConfig } from '../../server/engine/layouts/atlasConfig';
import { scanAtlas } from '../../server/engine/layouts/atlasScanner';
import { linesOf, readSum, sumOf, troubleIn } from '../../server/engine/layouts/atlasSum';
import { findFolders, layoutOf, readFolder } from '../../server/engine/layouts/find';
import type { MigrationFile } from '../../server/engine/layouts/layout';
import { statementsIn } from '../../server/engine/layouts/statements';
import { filesOf } from '../support/files';
import { toolSettings } from '../support/toolSettings';

describe("Atlas's statements", () => {
  const cases: readonly [string, string, readonly string[]][] = [
    ['one for each semicolon, with it', 'a;\n b\n; ;c', ['a;', 'b\n;', ';', 'c']],
    ['comments before them are none of theirs', '-- a;\n/* b; */ c; -- d\n-- e', ['c;', '-- e']],
    ['comments in them are', 'a -- ;\n+ /* ; */ b;c', ['a -- ;\n+ /* ; */ b;', 'c']],
    ['a comment that ends with the file begins one', 'a; -- b', ['a;', '-- b']],
    ['strings and names', `select ';''', ";", \`;\`;x`, [`select ';''', ";", \`;\`;`, 'x']],
    ['strings with escapes', `select E'\\';';x`, [`select E'\\';';`, 'x']],
    ['dollar quotes', 'do $$a;b$$; do $x$;$$;$x$;c', ['do $$a;b$$;', 'do $x$;$$;$x$;', 'c']],
    ['parentheses', 'do (a; (b); c);d', ['do (a; (b); c);', 'd']],
    [
      'bodies of BEGIN ATOMIC',
      'create function f() begin atomic select 1; select 2; end; x',
      ['create function f() begin atomic select 1; select 2; end;', 'x'],
    ],
    ['blocks of BEGIN, within each other', 'a begin b; begin c; end; end; x', ['a begin b; begin c; end; end;', 'x']],
    ['no blocks', 'begin; a; commit;', ['begin;', 'a;', 'commit;']],
    ['a delimiter of the file', '-- atlas:delimiter \\n--end\na;b\n--end\nc\n--end', ['a;b', 'c']],
    ['a delimiter of MySQL', 'a; DELIMITER //\nb;c// delimiter ;\nd;', ['a;', 'b;c', 'd;']],
    ['nothing', ' \n', []],
  ];
  for (const [name, text, expected] of cases)
    it(name, () =>
      deepEqual(
        scanAtlas(text).statements.map((it) => it.text),
        expected,
      ),
    );

  const broken: readonly [string, string][] = [
    ['a;(b;', "unclosed '(' at 2"],
    ['a)', "unexpected ')' at 1"],
    ["select 'a", "unclosed quote ' at 7"],
    ['-- atlas:delimiter\na', 'empty delimiter at 0'],
    ['-- atlas:delimiter x', 'no input found after delimiter "x" at 0'],
  ];
  for (const [text, says] of broken)
    it(`cannot be told: ${says}`, () => {
      const { trouble } = scanAtlas(text);
      equal(`${trouble?.says} at ${trouble?.at}`, says);
    });

  it('are found in any text, in its order', () => {
    const words = fc.constantFrom(
      'a',
      ';',
      "'",
      '"',
      '(',
      ')',
      '$$',
      '--',
      '/*',
      '*/',
      '\n',
      ' begin ',
      ' end',
      'delimiter x\n',
    );
    fc.assert(
      fc.property(fc.array(words, { maxLength: 15 }), (parts) => {
        const { statements } = scanAtlas(parts.join(''));
        for (const [i, { range }] of statements.entries())
          equal(range.start >= (statements[i - 1]?.range.end ?? 0), true);
      }),
    );
  });

  it('are told soon where blocks begin that have no end', () => {
    const lines = Array.from({ length: 60 }, (_, i) => `begin work_${i};`);
    deepEqual(
      scanAtlas(lines.join('\n')).statements.map(({ text }) => text),
      lines,
    );
  });
});

describe('atlas.sum', () => {
  // From ariga/atlas v1.2.3, sql/migrate/testdata/migrate and the files that it is of.
  const files = [
    { name: '1_initial.down.sql', text: 'DROP TABLE IF EXISTS t;' },
    { name: '1_initial.up.sql', text: 'CREATE TABLE t(c int);' },
  ];

  it('is what Atlas writes', () =>
    equal(
      sumOf(files),
      'h1:M74RrNK69S2pj6C541LR1ew5O32/i0WoyNgsJmyuiUk=\n' +
        '1_initial.down.sql h1:0zypK43rgPbgvVUgVJABGN25VgM1QSeU+LJDBb8cEQI=\n' +
        '1_initial.up.sql h1:hFhs5XhRml4KTWGF5td6h1s7xNqAFnaEBbC5Y/NF7i4=\n',
    ));

  it('has no line for a file that asks for none, and its name all the same', () => {
    const ignored = { name: '1_x.sql', text: '-- atlas:sum ignore\n\nselect 1;' };
    const last = { name: '2_y.sql', text: 'select 2;' };
    deepEqual(
      linesOf([ignored, last]).map(({ name }) => name),
      ['2_y.sql'],
    );
    equal(linesOf([last])[0]?.hash === linesOf([ignored, last])[0]?.hash, false);
    equal(linesOf([{ ...ignored, text: `${ignored.text} -- more` }, last])[0]?.hash, linesOf([ignored, last])[0]?.hash);
  });

  it('tells what differs first', () => {
    const written = readSum(sumOf(files));
    const trouble = (now: typeof files) => {
      const found = troubleIn(written, linesOf(now));
      return found && `${found.name} ${found.reason}`;
    };
    equal(trouble(files), undefined);
    equal(trouble([...files, { name: '2.sql', text: '' }]), '2.sql added');
    equal(trouble([{ name: '0.sql', text: '' }, ...files]), '0.sql added');
    equal(trouble(files.slice(1)), '1_initial.down.sql removed');
    equal(trouble(files.map((it) => ({ ...it, text: '' }))), '1_initial.down.sql edited');
  });
});

describe("Atlas's files", () => {
  const hcl = 'env "local" {\n  url = getenv("URL")\n  migration {\n    tx_mode = ALL\n  }\n}\n';
  const settings = (text: string) => toolSettings({ read: (name) => (name === '../atlas.hcl' ? text : undefined) });
  const readAs = (text: string, config = ''): MigrationFile =>
    (atlas.configured?.(settings(config)) ?? atlas).read('1_a.sql', text);
  const sent = (text: string): string => {
    const [script] = readAs(text).scripts;
    return `${script?.mode}: ${
      script &&
      statementsIn(text, script)
        .map((it) => it.text)
        .join(' | ')
    }`;
  };
  const cases: readonly [string, string, string][] = [
    ['in a transaction', 'a; b;', 'transaction: a | b'],
    ['without one', '-- atlas:txmode none\n\na; b;', 'statements: a | b'],
    ['not without an empty line', '-- atlas:txmode none\na;', 'transaction: a'],
    ['by a delimiter', '-- atlas:delimiter ---\na; b---\nc---\n', 'transaction: a | b | c'],
    [
      'out of an archive',
      '-- atlas:txtar\n\n-- checks.sql --\nselect 1;\n-- migration.sql --\na;\nb;\n',
      'transaction: a | b',
    ],
  ];
  for (const [name, text, expected] of cases) it(`run ${name}`, () => equal(sent(text), expected));

  const problems = (text: string, config?: string): readonly string[] =>
    readAs(text, config).problems.map(({ code, range }) => `${code} «${text.slice(range.start, range.end)}»`);

  const refused: readonly [string, string, readonly string[], string?][] = [
    ['nothing', '-- atlas:txmode file\n\na;', []],
    ['an unknown mode', '-- atlas:txmode all\n\na;', ['atlas-txmode «-- atlas:txmode all»']],
    ['two modes', '-- atlas:txmode none\n-- atlas:txmode file\n\na;', ['atlas-txmode «-- atlas:txmode file»']],
    [
      'a mode where all are one transaction',
      '-- atlas:txmode none\n\na;',
      ['atlas-txmode «-- atlas:txmode none»'],
      hcl,
    ],
    [
      'a directive that does not count',
      'a;\n-- atlas:txmode none\nb;',
      ['atlas-stray-directive «-- atlas:txmode none»'],
    ],
    ['an open parenthesis', 'select (1;', ['atlas-unreadable «(»']],
    ['an apostrophe in a last comment without a line end', "a; -- it's", ["atlas-unreadable «'»"]],
  ];
  for (const [name, text, expected, config] of refused)
    it(`are refused for: ${name}`, () => deepEqual(problems(text, config), expected));

  it('are held against atlas.sum while they are written, with a fix that writes it anew', () => {
    const texts: Record<string, string> = { '1_a.sql': 'a;', '2_b.sql': 'b;' };
    const entries = (): { name: string; text: string }[] =>
      Object.entries(texts).map(([name, text]) => ({ name, text }));
    texts['atlas.sum'] = sumOf(entries());
    const said = (name: string, text: string) => atlas.read(name, text, (it) => texts[it]).problems;
    deepEqual(said('1_a.sql', 'a;'), []);
    deepEqual(said('2_b.sql', 'b;'), []);
    deepEqual(
      said('2_b.sql', 'b; ').map(({ code, fixes }) => `${code} ${fixes?.[0]?.path}`),
      ['atlas-sum atlas.sum'],
    );
    const [added] = said('3_c.sql', 'c;');
    equal(
      added?.fixes?.[0]?.edits[0]?.text,
      sumOf([
        { name: '1_a.sql', text: 'a;' },
        { name: '2_b.sql', text: 'b;' },
        { name: '3_c.sql', text: 'c;' },
      ]),
    );
    texts['1_a.sql'] = 'x;';
    deepEqual(said('1_a.sql', 'x;').length, 1);
    deepEqual(said('2_b.sql', 'b;'), [], 'it is the other one that was edited');
  });
});

describe('folders of Atlas', () => {
  const found = (texts: Readonly<Record<string, string>>): readonly string[] =>
    findFolders(['/w'], filesOf(texts)).map(
      ({ path, layout, migrations, because, problems }) =>
        `${path}: ${layout.name} ${migrations.map(({ version }) => version).join(' ')}; ${because}${problems.map(({ message }) => `; ${message}`).join('')}`,
    );
  const summed = (texts: Readonly<Record<string, string>>): Readonly<Record<string, string>> => ({
    ...texts,
    '/w/m/atlas.sum': sumOf(Object.entries(texts).map(([path, text]) => ({ name: path.replace('/w/m/', ''), text }))),
  });

  it('are known by atlas.sum, unless the files are those of another tool', () => {
    deepEqual(found(summed({ '/w/m/20240101000000.sql': 'a;', '/w/m/20240102000000_b.sql': 'b;' })), [
      '/w/m: atlas 20240101000000 20240102000000; atlas.sum lies in it',
    ]);
    deepEqual(
      found(summed({ '/w/m/1_a.sql': '-- +goose Up\n' })).map((it) => it.slice(0, 12)),
      ['/w/m: goose '],
    );
    deepEqual(
      found(summed({ '/w/m/1_a.up.sql': 'a;' })).map((it) => it.slice(0, 20)),
      ['/w/m: golang-migrate'],
    );
    deepEqual(
      found({
        ...summed({ '/w/m/1_a.up.sql': 'a;' }),
        '/w/m/1_a.down.sql': '',
        '/w/atlas.hcl': format('golang-migrate'),
      }),
      ['/w/m: atlas 1; atlas.hcl says that Atlas runs files in the format of golang-migrate'],
    );
  });

  it('know checkpoints, and say where atlas.sum does not agree', () => {
    const texts = summed({ '/w/m/1_a.sql': 'a;', '/w/m/2_all.sql': '-- atlas:checkpoint\n\na;', '/w/m/3_b.sql': 'b;' });
    deepEqual(found(texts), ['/w/m: atlas 1 2 3; atlas.sum lies in it']);
    deepEqual(found({ ...texts, '/w/m/1_a.sql': 'b;' }), [
      '/w/m: atlas 1 2 3; atlas.sum lies in it; Atlas refuses the whole folder: by atlas.sum 1_a.sql was edited. Run atlas migrate hash.',
    ]);
  });

  const format = (name: string): string =>
    `env "x" {\n  migration {\n    dir = "file://m"\n    format = ${name.replace('-', '_')}\n  }\n}\n`;

  it('are run in the format that atlas.hcl names', () => {
    const text = '-- +goose Up\na;\n-- +goose Down\nb;\n';
    const read = (name: string): string | undefined => (name === '../atlas.hcl' ? format('goose') : undefined);
    const [script, ...others] = (atlas.configured?.(toolSettings({ read })) ?? atlas).read('1_a.sql', text).scripts;
    deepEqual(script && statementsIn(text, script).map((it) => it.text), ['a']);
    deepEqual(others, []);
  });

  it('get a new file with its line in atlas.sum', () => {
    const files = filesOf(summed({ '/w/m/20240101000000_a.sql': 'a;' }));
    const folder = readFolder('/w/m', files, layoutOf('atlas'));
    const contents = {
      path: '/w/m',
      names: files.list('/w/m'),
      read: (name: string) => files.read(`/w/m/${name}`),
      list: () => [],
    };
    const now = new Date(Date.UTC(2026, 2, 4, 5, 6, 7));
    const { files: made, lists } = atlas.skeleton(
      'b',
      folder.migrations.map(({ name }) => name),
      now,
      contents,
    );
    deepEqual(made, [{ name: '20260304050607_b.sql', text: '' }]);
    equal(
      lists?.[0]?.text,
      sumOf([
        { name: '20240101000000_a.sql', text: 'a;' },
        { name: '20260304050607_b.sql', text: '' },
      ]),
    );
  });

  it('are configured by literals', () => {
    const read = (text: string) => atlasConfig((name) => (name === '../../atlas.hcl' ? text : undefined));
    const text = `
variable "url" { type = string }
locals { a = <<EOT
migration { exec_order = NON_LINEAR }
EOT
}
lint { destructive { error = true } } # none
env "prod" {
  url = "\${var.url}"
  for_each = toset([ "a", "b" ])
  migration {
    dir              = "file://db/migrations?format=dbmate"
    exec_order       = LINEAR_SKIP // once
    revisions_schema = "tools"
    repo { name = "x" }
  }
}`;
    deepEqual(read(text), { format: 'dbmate', revisionsSchema: 'tools', order: 'linear-skip', mode: 'file' });
    deepEqual(read('env "x" { migration { exec_order = "non-linear"\n format = atlas } }'), {
      format: undefined,
      revisionsSchema: undefined,
      order: 'non-linear',
      mode: 'file',
    });
    for (const broken of ['env "x" {', '}}}', 'a = "', '<<', 'migration { dir = ']) equal(read(broken).order, 'linear');
  });
});
