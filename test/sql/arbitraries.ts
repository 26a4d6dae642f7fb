/** Texts for property tests: junk made of pieces of SQL, and statements that Postgres's grammar accepts. */
import fc from 'fast-check';

const scraps = [
  [';', ';;', "'", "''", '"', '""', '\\', '\\.', '\n', '\r\n', '\r', ' ', '\t', '--', '/*', '*/', '/', '*', '-', '+'],
  [
    '$',
    '$$',
    '$a$',
    '$é$',
    '$1',
    "E'",
    "U&'",
    'U&"',
    "N'",
    "x'",
    '(',
    ')',
    '[',
    ']',
    ',',
    '.',
    ':',
    '::',
    '1',
    '1.5e',
    '0x',
  ],
  ['copy t from stdin', 'copy', 'from stdin', '\n\\.\n', '\\copy t from stdin\n', '\\gexec', '\\;', '\\connect x\n'],
  ['create', 'or', 'replace', 'function', 'procedure', 'rule', 'begin', 'atomic', 'case', 'end', 'as', 'do'],
  [
    'set standard_conforming_strings = off',
    'reset all',
    'rollback',
    'commit',
    'select',
    'имя',
    '\u{1f600}',
    '\ufeff',
    '\u2028',
  ],
  ['\0', '\ud800', '\u00a0', 'a$b', 'execute', "|| '", 'alter system', 'program', 'grant', 'to', 'role', 'language c'],
].flat();

/** Anything at all, mostly things that the scanner has an opinion on. */
export const fragments: fc.Arbitrary<string> = fc
  .array(fc.oneof({ weight: 8, arbitrary: fc.constantFrom(...scraps) }, fc.string({ unit: 'binary', maxLength: 5 })), {
    maxLength: 40,
  })
  .map((parts) => parts.join(''));

/** What may stand around a statement. */
export const blanks: fc.Arbitrary<string> = fc
  .array(fc.constantFrom(' ', '\n', '\r\n', '\t', '-- a; b $$ \' " /*\n', '/* ; \' /* " */ $a$ */', '\f'), {
    maxLength: 3,
  })
  .map((parts) => parts.join(''));

const inside = fc
  .array(fc.constantFrom('a', ';', ' ', '\n', '--', '/*', '*/', '$', '"', 'é', '\u{1f600}', 'begin', 'end'), {
    maxLength: 6,
  })
  .map((parts) => parts.join(''));

const strings = [
  inside.map((text) => `'${text}'`),
  inside.map((text) => `'${text}'\r\n  '${text}'`),
  inside.map((text) => `E'${text}\\'\\\\''${text}'`),
  inside.map((text) => `E'${text}'\n\t'\\'${text}'`),
  inside.map((text) => `U&'${text}\\0441'`),
  inside.map((text) => `N'${text}'`),
  inside.map((text) => `$tag$${text}$tag$`),
  inside.map((text) => `$$${text.replaceAll('$', '')}$$`),
  inside.map((text) => `$é_1$${text}$é_1$`),
];

/** A query of one text that any server can run. */
export const queries: fc.Arbitrary<string> = fc
  .oneof(
    ...strings,
    inside.map((text) => `'${text}' -- '\n  '${text}'`),
  )
  .map((text) => `select ${text} as "a;"`);

const literal = fc.oneof(
  ...strings,
  fc.constantFrom('1', '1.5', '.5', '1e3', '0x1F', '1_000', `B'01'`, `x'ff'`, 'null', 'true', '$1', 'a$b', '"c;"'),
);

const operator = fc.constantFrom(
  '+',
  '-',
  '||',
  '->>',
  '#>>',
  '@>',
  '<>',
  '=',
  '!=',
  '~*',
  '*',
  '/',
  '%',
  '?',
  '@-',
  '||/',
);

const expression = fc.oneof(
  literal,
  fc.tuple(literal, operator, literal).map(([left, sign, right]) => `${left} ${sign} ${right}`),
  literal.map((it) => `case when ${it} then (${it}) else ${it} end`),
  literal.map((it) => `f(${it}, ${it})::text`),
  literal.map((it) => `(array[${it}])[1:2]`),
);

const name = fc.constantFrom('t', '"T;"', 'app.users', '"a""b"."c"', 'имя', 'U&"\\0441;"');

/** Statements that Postgres's grammar accepts, without semicolon. */
export const statements: fc.Arbitrary<string> = fc.oneof(
  expression.map((it) => `select ${it} as a`),
  fc.tuple(name, expression).map(([table, it]) => `insert into ${table} values (${it}, default)`),
  fc.tuple(name, literal).map(([table]) => `create table ${table} (a int, b text check (b <> ';'))`),
  fc.tuple(name, inside).map(([table, it]) => `comment on table ${table} is $c$${it.replaceAll('$', '')}$c$`),
  inside.map((it) => `do $do$ begin ${it}; end $do$`),
  fc
    .tuple(name, expression)
    .map(
      ([it, value]) =>
        `create or replace function ${it}(a int) returns text begin atomic select ${value}; select 2; end`,
    ),
  name.map((it) => `create procedure ${it}() language sql begin atomic end`),
  fc
    .tuple(name, expression)
    .map(([it, value]) => `create rule r as on insert to ${it} do instead (select ${value}; delete from ${it})`),
  name.map((it) => `create function ${it}() returns int language sql as 'select 1; select 2'`),
  fc.constantFrom('begin', 'commit', 'end', 'vacuum', 'set a.b = 1', `notify a, ';'`, "alter type e add value ';'"),
);
