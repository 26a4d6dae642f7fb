/** The Supabase CLI's files: which there are, where it ends statements, how they are run, and what is refused. */
import { deepEqual, equal } from 'node:assert/strict';
import fc from 'fast-check';
import { findFolders, layoutOf, readFolder } from '../../server/engine/layouts/find';
import { messagesIn } from '../../server/engine/layouts/statements';
import { supabase } from '../../server/engine/layouts/supabase';
import { statementsOfSupabase, tokensIn } from '../../server/engine/layouts/supabaseStatements';
import { statementsOf } from '../../server/engine/sql/scan';
import { filesOf } from '../support/files';

describe("the Supabase CLI's statements", () => {
  const cases: readonly [string, string, readonly string[]][] = [
    ['one for each semicolon, without it', 'a;\n b ;;c', ['a', 'b', 'c']],
    ['comments are some, too', '-- a;\nb; -- c\n', ['-- a;\nb', '-- c']],
    ['a line comment that hides a semicolon', 'select --; 1', ['select --; 1']],
    ['no line comment', '- ;end', ['-', 'end']],
    ['block comments within each other', 'a /*; /*;*/ ;*/ 1; b', ['a /*; /*;*/ ;*/ 1', 'b']],
    ['no block comment', '/ * ; */ b', ['/ *', '*/ b']],
    ['strings and names', `select ';''', ";""";x`, [`select ';''', ";"""`, 'x']],
    ['strings with escapes', `select E'\\';', e'a'\n ';';x`, [`select E'\\';', e'a'\n ';'`, 'x']],
    ['a backslash in a plain string hides nothing', `select '\\';x`, [`select '\\'`, 'x']],
    ['dollar quotes', 'do $$a;b$$; do $x$;$$;$x$;c', ['do $$a;b$$', 'do $x$;$$;$x$', 'c']],
    ['parameters are none', 'select $1;b$$;c', ['select $1', 'b$$', 'c']],
    ['a backslash outside of strings', 'a \\; b;c', ['a \\; b', 'c']],
    ['parentheses', 'do (a; b);c', ['do (a; b)', 'c']],
    ['the first closing one ends all', 'do ((a); b);c', ['do ((a)', 'b)', 'c']],
    [
      'a body of BEGIN ATOMIC',
      'begin\natomic; select 1; case when x then y end; /* x */ END; c',
      ['begin\natomic; select 1; case when x then y end; /* x */ END', 'c'],
    ],
    ['no body', 'xbegin atomic; begin xatomic;c', ['xbegin atomic', 'begin xatomic', 'c']],
    ['what begins as one', 'begin atomics;c', ['begin atomics;c']],
    ['nothing', ' ;; \n', []],
  ];
  for (const [name, text, expected] of cases) it(name, () => deepEqual(statementsOfSupabase(text), expected));

  it('put together are the text, and end where those of Postgres do as a rule', () => {
    const words = fc.constantFrom(
      'select 1',
      ';',
      "';'",
      '";"',
      '$$;$$',
      '$a$;$a$',
      '--;\n',
      '/*;*/',
      ' ',
      '(',
      ')',
      'x$',
      "E'\\''",
    );
    fc.assert(
      fc.property(fc.array(words, { maxLength: 12 }), (parts) => {
        const text = parts.join(' ');
        equal(
          tokensIn(text)
            .map(({ start, end }) => text.slice(start, end))
            .join(''),
          text,
        );
        if (/[()]/.test(text)) return;
        const empty = tokensIn(text).filter(({ start, end }) => statementsOf(text.slice(start, end)).length !== 1);
        equal(statementsOf(text).length, tokensIn(text).length - empty.length);
      }),
    );
  });
});

describe("the Supabase CLI's files", () => {
  const sent = (text: string): string => {
    const [script] = supabase.read('1_a.sql', text).scripts;
    const messages = script && messagesIn(text, script);
    return `${script?.mode} ${messages?.map((it) => it.map((one) => one.text).join(', ')).join(' | ') ?? 'whole'}`;
  };
  const cases: readonly [string, string, string][] = [
    ['in a transaction', 'create table a ();\nselect 1;', 'transaction whole'],
    [
      'with words that only look like others',
      'select begin; create function f() as $$begin; end$$; -- vacuum\n',
      'transaction whole',
    ],
    ['with transactions of their own', 'select 1;\nBegin;\nselect 2;\nend;', 'statements whole'],
    ['back to a savepoint', 'rollback to a; rollback work to b;', 'transaction whole'],
    ['without a transaction by the first line', '-- pg-delta: transaction=false\r\na;', 'statements whole'],
    ['not by another line', '\n-- pg-delta: transaction=false\na;', 'transaction whole'],
    [
      'divided by what stands alone',
      'a; b;\n-- x\ncreate unique index concurrently c;\nvacuum(full);d; e;reindex table concurrently x',
      'statements a, b | create unique index concurrently c | vacuum(full) | d, e | reindex table concurrently x',
    ],
    ['of one statement that stands alone', 'drop index\nconcurrently a;\n', 'statements drop index\nconcurrently a'],
  ];
  for (const [name, text, expected] of cases) it(`run ${name}`, () => equal(sent(text), expected));

  const problems = (text: string): readonly string[] =>
    supabase
      .read('1_a.sql', text)
      .problems.map(({ code, range }) => `${code.replace('supabase-', '')} «${text.slice(range.start, range.end)}»`);

  it('are refused where their statements are torn or joined', () => {
    deepEqual(problems('create rule r as on insert to a do (select (1); select 2);'), ['torn-statement «;»']);
    deepEqual(problems('select 1 \\; select 2;'), ['joined-statements «select 2»']);
    deepEqual(problems('\\connect x\nselect 1; select 2;'), ['joined-statements «select 1»']);
    deepEqual(problems("select E'\\';'; select 2;"), []);
  });

  it('are known by their folder, and told of where they are passed over', () => {
    const found = (texts: Readonly<Record<string, string>>): readonly string[] =>
      findFolders(['/w'], filesOf(texts)).map(
        ({ path, layout, migrations, because }) =>
          `${path}: ${layout.name} ${migrations.map(({ version }) => version).join(' ')}; ${because}`,
      );
    deepEqual(found({ '/w/supabase/migrations/20240101000000_a.sql': '', '/w/supabase/seed.sql': '' }), [
      '/w/supabase/migrations: supabase 20240101000000; it is supabase/migrations',
    ]);
    deepEqual(
      found({
        '/w/db/migrations/2_a.sql': '',
        '/w/db/migrations/10_b.sql': '',
        '/w/db/config.toml': 'project_id = "x"',
      }),
      ['/w/db/migrations: supabase 10 2; a config.toml of the Supabase CLI lies beside it'],
    );
    deepEqual(found({ '/w/db/migrations/1_a.sql': '', '/w/db/config.toml': '[x]' }), [
      '/w/db/migrations: numbered 1; it is called a folder of migrations, and 1_a.sql begins with a number',
    ]);
    const texts = { '/w/20211208000000_init.sql': '', '/w/20211208000001_init.sql': '', '/w/a.sql': '' };
    const { migrations, problems: wrong } = readFolder('/w', filesOf(texts), layoutOf('supabase'));
    deepEqual(
      migrations.map(({ version }) => version),
      ['20211208000001'],
    );
    deepEqual(
      wrong.map(({ path, message }) => `${path} ${message.slice(0, 42)}`),
      [
        '/w/20211208000000_init.sql The Supabase CLI passes over this file, fo',
        '/w/a.sql The Supabase CLI passes over this file: it',
      ],
    );
  });
});
