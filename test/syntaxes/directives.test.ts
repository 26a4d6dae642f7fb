/** What is coloured as a directive: all that is known of, and nothing that is only like it. */
import { deepEqual, ok } from 'node:assert/strict';
import { layouts } from '../../server/engine/layouts/all';
import { coloursWith, smallSql } from './grammar';

const isDirective = (scope: string): boolean =>
  /^(?:keyword\.control\.directive|variable\.other\.placeholder)\b/.test(scope);

describe('the grammar of directives', () => {
  let colours: Awaited<ReturnType<typeof coloursWith>>;
  before(async () => {
    colours = await coloursWith(smallSql);
  });
  /** `text scope` of each token that one of ours has. */
  const marked = (text: string): readonly string[] =>
    colours(text)
      .flat()
      .flatMap(({ text, scopes }) => {
        const own = scopes.findLast((it) => it.endsWith('.rehearsal') && !it.startsWith('meta.'));
        return own === undefined ? [] : [`${text.trim()} ${own.replace(/\.rehearsal$/, '')}`];
      });

  for (const { name, directives } of layouts)
    it(`colours each directive of ${name}`, () => {
      for (const { text, place } of directives.all) {
        if (place.kind === 'option') continue;
        const [line = []] = colours(text);
        ok(
          line.some(({ scopes }) => scopes.some(isDirective)),
          `${text}: ${JSON.stringify(line)}`,
        );
      }
    });

  it('tells names, options and values apart', () => {
    deepEqual(marked('-- migrate:up transaction:false'), [
      'migrate:up keyword.control.directive.dbmate',
      'transaction variable.parameter.directive',
      ': punctuation.separator.key-value',
      'false constant.language.directive',
    ]);
    deepEqual(marked('--changeset me:1 context:"a b"'), [
      'changeset keyword.control.directive.liquibase',
      'me entity.name.section.directive',
      ': punctuation.separator.key-value',
      '1 entity.name.section.directive',
      'context variable.parameter.directive',
      ': punctuation.separator.key-value',
      '"a b" constant.language.directive',
    ]);
    deepEqual(marked('select ${NAME:-a} from ${flyway:table};'), [
      '${ punctuation.definition.template-expression.begin',
      'NAME variable.other.placeholder',
      ':-a string.unquoted.placeholder',
      '} punctuation.definition.template-expression.end',
      '${ punctuation.definition.template-expression.begin',
      'flyway:table variable.other.placeholder',
      '} punctuation.definition.template-expression.end',
    ]);
  });

  it('stays a comment around what it colours', () => {
    for (const line of ['-- +goose Up', 'select 1;--> statement-breakpoint', '  --rollback drop table t;'])
      ok(
        colours(line)
          .flat()
          .some(({ scopes }) => scopes.includes('comment.line.double-dash.sql')),
      );
  });

  const ordinary = [
    'select 1;\n-- no-transaction',
    '-- migrate:update',
    '  -- migrate:up',
    '-- goose up',
    '-- rollback what was done',
    '-- comment: on it',
    '-- changes: many',
    "select '\n-- migrate:up\n'",
    '/*\n-- +goose Up\n*/',
    'select a::DATABASE_NAME, $1, $$a$$, b :: text, :name',
    '-- see statement-breakpoint',
  ];
  for (const text of ordinary) it(`leaves ${JSON.stringify(text)} alone`, () => deepEqual(marked(text), []));
});
