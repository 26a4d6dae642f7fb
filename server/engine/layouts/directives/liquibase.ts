/** Facts from liquibase/liquibase, liquibase-standard/…/parser/AbstractFormattedChangeLogParser.java: any case, any blanks. */
import type { Directive, Place, ToolDirectives } from './directive';

const line: Place = { kind: 'line' };
const option: Place = {
  kind: 'option',
  of: ['changeset'],
  behind: /^\s*--\s*changeset\s+(?:"[^"]+"|[^:]+):\s*(?:"[^"]+"|\S+)/i,
};

const pattern = (words: string): RegExp => new RegExp(`(?<=^\\s*)--\\s*${words}`, 'i');

const header: Directive = {
  name: 'header',
  text: '--liquibase formatted sql',
  snippet: '--liquibase formatted sql\n\n--changeset ${1:author}:${2:id}\n$0',
  place: { kind: 'first', below: /^\s*$/, where: 'the first line that is not blank' },
  pattern: pattern('liquibase\\s*formatted.*?(?=\\s*$)'),
  likeness: { words: ['liquibase formatted sql', 'liquibase sql'], head: '--liquibase formatted sql' },
  says: 'Tells Liquibase that this file is a changelog in SQL. It is the first line that is not blank; without it Liquibase does not read the file.',
  fits: ({ above, below }) => ![...above, ...below].includes('header'),
  asks: 'other',
};

const changeset: Directive = {
  name: 'changeset',
  text: '--changeset author:id',
  snippet: '--changeset ${1:author}:${2:id}\n$0',
  place: line,
  pattern: pattern('changeset\\s+(?:"[^"]+"|[^:]+):\\s*(?:"[^"]+"|\\S+).*?(?=\\s*$)'),
  likeness: { words: ['changeset'], head: '--changeset ', rest: /^[^\s:]+:\s*\S/ },
  says: 'Begins a changeset, which ends where the next one begins. Author, id and file name it in the history for good. Attributes may follow: `runInTransaction:false`, `splitStatements:false`, `endDelimiter:/`, `context:…`, `labels:…`.',
  fits: ({ above }) => above.includes('header'),
  asks: 'other',
};

const rollback: Directive = {
  name: 'rollback',
  text: '--rollback DROP TABLE t;',
  snippet: '--rollback ${0:DROP TABLE t;}',
  place: line,
  pattern: pattern('rollback .*?(?=\\s*$)'),
  says: 'SQL that takes the changeset above back; several lines are one text. `--rollback empty` says that nothing is to be done, and a block `/* liquibase rollback … */` holds longer ones.',
  fits: ({ above }) => above.includes('changeset'),
};

const preconditions: Directive = {
  name: 'preconditions',
  text: '--preconditions onFail:MARK_RAN onError:HALT',
  snippet: '--preconditions onFail:${1|HALT,CONTINUE,MARK_RAN,WARN|} onError:${2|HALT,CONTINUE,MARK_RAN,WARN|}',
  place: line,
  pattern: pattern('preconditions(?:\\s.*?)?(?=\\s*$)'),
  likeness: { words: ['preconditions'], head: '--preconditions ', rest: /^on(?:Fail|Error)\w*:/i },
  says: 'What Liquibase does where a precondition of this changeset does not hold: `HALT`, `CONTINUE`, `MARK_RAN`, `WARN`.',
  fits: ({ above }) => above.at(-1) === 'changeset',
};

const preconditionSql: Directive = {
  name: 'precondition-sql-check',
  text: '--precondition-sql-check expectedResult:0 SELECT count(*) FROM t',
  snippet: '--precondition-sql-check expectedResult:${1:0} ${0:SELECT count(*) FROM t}',
  place: line,
  pattern: pattern('precondition-sql-check .*?(?=\\s*$)'),
  likeness: { words: ['precondition sql check'], head: '--precondition-sql-check ', rest: /\S/ },
  says: 'The changeset runs only where this query gives the expected result.',
  fits: ({ above }) => above.includes('changeset'),
};

const preconditionOf = (what: 'table' | 'view'): Directive => ({
  name: `precondition-${what}-exists`,
  text: `--precondition-${what}-exists ${what}:t`,
  snippet: `--precondition-${what}-exists ${what}:\${0:t}`,
  place: line,
  pattern: pattern(`precondition-${what}-exists .*?(?=\\s*$)`),
  likeness: { words: [`precondition ${what} exists`], head: `--precondition-${what}-exists `, rest: /\S/ },
  says: `The changeset runs only where there is such a ${what}, in the schema \`schema:…\` or else the current one.`,
  fits: ({ above }) => above.includes('changeset'),
});

const comment: Directive = {
  name: 'comment',
  text: '--comment: what it is for',
  snippet: '--comment: $0',
  place: line,
  pattern: /^--\s*comment:? .*?(?=\s*$)/i,
  says: 'Goes into the column `comments` of the history. It must stand within a changeset.',
  fits: ({ above }) => above.includes('changeset'),
};

const validCheckSum: Directive = {
  name: 'valid-checksum',
  text: '--validCheckSum: ANY',
  snippet: '--validCheckSum: ${1:ANY}',
  place: line,
  pattern: /^--\s*validCheckSum:? .*?(?=\s*$)/i,
  likeness: { words: ['validchecksum', 'valid check sum'], head: '--validCheckSum: ', rest: /^(?:any|\d+:\w+)$/i },
  says: 'A checksum that Liquibase accepts for this changeset beside its own, `ANY` for every one: for a changeset that was edited after it had run.',
  fits: ({ above }) => above.includes('changeset'),
};

const ignoreLines: Directive = {
  name: 'ignore-lines',
  text: '--ignoreLines:start',
  snippet: '--ignoreLines:start\n$0\n--ignoreLines:end',
  place: line,
  pattern: /^--\s*ignoreLines:(?:start|end|\d+)(?=\s*$)/i,
  likeness: { words: ['ignorelines', 'ignore lines'], head: '--ignoreLines:', rest: /^(?:start|end|\d+)$/ },
  says: 'Liquibase leaves out so many lines below, or all up to `--ignoreLines:end`.',
};

const property: Directive = {
  name: 'property',
  text: '--property name:name value:value',
  snippet: '--property name:${1:name} value:${2:value}',
  place: line,
  pattern: pattern('property\\s+.*:.*\\s+.*:.*?(?=\\s*$)'),
  likeness: { words: ['property'], head: '--property ', rest: /^name\s*:\s*\S+\s+value\s*:/i },
  says: 'Gives a value to `${name}` in the SQL below.',
};

const attribute = (name: string, value: string, says: string, asks?: Directive['asks']): Directive => ({
  name,
  text: `${name}:${value}`,
  place: option,
  pattern: new RegExp(`(?<!\\S)${name}:(?:"[^"]*"|\\S*)`, 'gi'),
  likeness: { words: [name], head: `${name}:`, rest: /^\S/ },
  single: true,
  says,
  ...(asks ? { asks } : {}),
});

export const directives: ToolDirectives = {
  page: 'https://docs.liquibase.com/concepts/changelogs/sql-format.html',
  all: [
    header,
    changeset,
    attribute(
      'runInTransaction',
      'false',
      'The changeset runs without a transaction around it, as `CREATE INDEX CONCURRENTLY` and `VACUUM` need. When it fails halfway, what ran before stays and is not recorded.',
      'no-transaction',
    ),
    attribute(
      'splitStatements',
      'false',
      'Liquibase does not cut the changeset at semicolons: for functions and `DO` blocks.',
    ),
    attribute('endDelimiter', '/', 'What ends a statement, in place of the semicolon.'),
    attribute('stripComments', 'false', 'Comments are sent to Postgres, too.'),
    attribute('runOnChange', 'true', 'The changeset runs again whenever its text has changed.'),
    attribute('runAlways', 'true', 'The changeset runs each time.'),
    attribute('failOnError', 'false', 'Liquibase goes on when the changeset fails.'),
    attribute('contextFilter', 'test', 'The changeset runs only where Liquibase is started with such a context.'),
    attribute('context', 'test', 'The older name of `contextFilter`.'),
    attribute('labels', 'v2', 'Labels that Liquibase may be told to run, or not to.'),
    attribute('dbms', 'postgresql', 'The databases that the changeset is for.'),
    attribute(
      'logicalFilePath',
      'changes.sql',
      'The path that the history knows this changeset by, in place of its own.',
    ),
    attribute('runWith', 'psql', 'The program that runs the changeset.'),
    attribute('ignore', 'true', 'Liquibase leaves the changeset out.'),
    rollback,
    preconditions,
    preconditionSql,
    preconditionOf('table'),
    preconditionOf('view'),
    comment,
    validCheckSum,
    ignoreLines,
    property,
  ],
};
