/** Which directives are completed where, what a hover tells of them, and which quick fixes stand beside a diagnostic. */
import { deepEqual, equal, match } from 'node:assert/strict';
import type { LayoutName } from '../../server/engine/layouts/layout';
import { completionsAt } from '../../server/language/completion';
import { fixActions } from '../../server/language/fixes';
import { directiveHover } from '../../server/language/hover';
import { rangesIn } from '../../server/language/positions';
import { layoutOf } from '../../server/engine/layouts/find';

/** `$0` is the cursor. */
function at(source: string): { readonly text: string; readonly offset: number } {
  const offset = source.indexOf('$0');
  return { text: source.replace('$0', ''), offset };
}

const labels = (tool: LayoutName, source: string): readonly string[] => {
  const { text, offset } = at(source);
  return completionsAt(layoutOf(tool), text, offset, 'snippets').map(({ label }) => label);
};

/** The text after the first completion was taken. */
function completed(tool: LayoutName, source: string, inserted: 'snippets' | 'text' = 'snippets'): string {
  const { text, offset } = at(source);
  const [item] = completionsAt(layoutOf(tool), text, offset, inserted);
  if (!item?.textEdit || !('range' in item.textEdit)) throw new Error(`nothing is completed in ${source}`);
  const { range, newText } = item.textEdit;
  const lines = text.split('\n');
  const line = lines[range.start.line] ?? '';
  lines[range.start.line] = line.slice(0, range.start.character) + newText + line.slice(range.end.character);
  return lines.join('\n');
}

describe('completion of directives', () => {
  const cases: readonly [LayoutName, string, readonly string[]][] = [
    ['dbmate', '$0', ['-- migrate:up']],
    ['dbmate', '--$0', ['-- migrate:up']],
    ['dbmate', '-- migrate:up\nselect 1;\n-- mig$0', ['-- migrate:down']],
    ['dbmate', '-- migrate:up\nselect 1;\n\n$0\n-- migrate:down\n', []],
    ['dbmate', '-- migrate:up $0', ['transaction:false']],
    ['dbmate', '-- migrate:up tr$0\n-- migrate:down', ['transaction:false']],
    ['dbmate', '-- migrate:up transaction:false $0', []],
    ['dbmate', '-- migrate:up\nsel$0', []],
    ['dbmate', '-- migrate:up\nselect 1 -$0', []],
    ['goose', '-$0', ['-- +goose Up', '-- +goose NO TRANSACTION', '-- +goose ENVSUB ON']],
    ['goose', '-- +goose Up\n-- +goose s$0', ['-- +goose StatementBegin']],
    [
      'goose',
      '-- +goose Up\n-- +goose StatementBegin\nselect 1;\n-- $0',
      ['-- +goose StatementEnd', '-- +goose ENVSUB ON'],
    ],
    ['goose', '-- +goose Up\n-- +goose no$0', ['-- +goose NO TRANSACTION']],
    ['goose', '-- +goose NO TRANSACTION\n-- +goose Up\n-- +goose no$0', []],
    ['goose', '-- +goose Up\n-- +goose ENVSUB ON\nselect 1;\n-- +goose env$0', ['-- +goose ENVSUB OFF']],
    ['goose', '-- +goose Up\n-- +goose StatementBegin\ndo $$\n-- +g$0\n$$;\n-- +goose StatementEnd', []],
    ['sqlx', '$0', ['-- no-transaction']],
    ['sqlx', '--no$0', ['-- no-transaction']],
    ['sqlx', '\n--$0', []],
    ['numbered', '\n\n--$0', ['-- rehearsal: no-transaction']],
    ['numbered', 'select 1;\n--$0', []],
    [
      'atlas',
      '-- $0\n\nselect 1;',
      [
        '-- atlas:txmode none',
        '-- atlas:delimiter \\n\\n',
        '-- atlas:checkpoint',
        '-- atlas:sum ignore',
        '-- atlas:txtar',
        '-- atlas:nolint',
      ],
    ],
    ['atlas', 'select 1;\n-- atlas$0', ['-- atlas:nolint']],
    ['graphile-migrate', '--$0', ['--! no-transaction', '--!include functions/name.sql', '--! Message: add users']],
    ['graphile-migrate', '--! Message: x\n\n--! no$0', ['--! no-transaction']],
    ['graphile-migrate', "select ':DATABASE_$0'", [':DATABASE_NAME', ':DATABASE_OWNER']],
    ['graphile-migrate', 'select a::$0', []],
    ['drizzle', 'select 1;--$0', ['--> statement-breakpoint']],
    ['drizzle', 'select 1;\n--$0', ['--> statement-breakpoint']],
    ['drizzle', 'select 1 -$0', []],
    ['flyway', 'set search_path to ${flyway:d$0', ['${flyway:defaultSchema}', '${flyway:database}']],
    ['liquibase', '--$0', ['--liquibase formatted sql', '--ignoreLines:start', '--property name:name value:value']],
    ['liquibase', '--liquibase formatted sql\n\n--ch$0', ['--changeset author:id']],
    ['liquibase', '--liquibase formatted sql\n--changeset me:1 runIn$0', ['runInTransaction:false']],
    ['liquibase', '--liquibase formatted sql\n--changeset me:1\n--roll$0', ['--rollback DROP TABLE t;']],
    ['node-pg-migrate', '-- up$0', ['-- Up Migration']],
    ['golang-migrate', '--$0', []],
  ];
  for (const [tool, source, expected] of cases)
    it(`${tool}: ${JSON.stringify(source)}`, () => deepEqual(labels(tool, source), expected));

  it('puts the whole pair, and half of it where the other one is there', () => {
    equal(
      completed('goose', '-- +goose Up\n  --st$0'),
      '-- +goose Up\n-- +goose StatementBegin\n$0\n-- +goose StatementEnd\n',
    );
    equal(completed('goose', '$0'), '-- +goose Up\n$0\n\n-- +goose Down\n');
    equal(completed('goose', '$0\n-- +goose Down'), '-- +goose Up\n-- +goose Down');
    equal(completed('goose', '$0', 'text'), '-- +goose Up');
    equal(completed('drizzle', 'select 1;--$0'), 'select 1;--> statement-breakpoint');
    equal(completed('dbmate', '-- mi$0'), '-- migrate:up\n$0\n\n-- migrate:down\n');
  });
});

describe('a hover on a directive', () => {
  const hover = (tool: LayoutName, source: string): string => {
    const { text, offset } = at(source);
    return JSON.stringify(directiveHover(layoutOf(tool), text, offset));
  };

  it('tells what it does, with a link to the page of the tool, under its own words', () => {
    match(
      hover('goose', '-- +goose Up\n-- +goose NO TR$0ANSACTION\n'),
      /committed by itself.*\]\(https:\/\/pressly.*"start":\{"line":1,"character":0\},"end":\{"line":1,"character":24\}/,
    );
    match(
      hover('dbmate', '-- migrate:up transac$0tion:false\n'),
      /without a transaction.*"character":14\},"end":\{"line":0,"character":31\}/,
    );
    match(hover('graphile-migrate', "select ':DATABASE$0_NAME'"), /name of the database/);
  });

  it('tells nothing beside it, nor of the same words for another tool', () => {
    equal(hover('goose', '-- +goose Up\nsel$0ect 1;'), 'null');
    equal(hover('dbmate', '-- +goose $0Up'), 'null');
  });
});

describe('the quick fixes of findings', () => {
  const text = '-- migrate:up\n-- migrate:dwon\n';
  const range = { start: 14, end: 29 };
  const fixes = [
    { title: 'first', edits: [{ range, text: '-- migrate:down' }] },
    { title: 'second', edits: [{ range, text: '' }] },
  ];
  const findings = [{ range, severity: 'warning', code: 'directive-misspelt', message: 'm', fixes } as const];
  const place = (line: number) => ({ start: { line, character: 3 }, end: { line, character: 3 } });
  const diagnostic = { range: rangesIn(text)(range), message: 'm', code: 'directive-misspelt' };
  const actions = (subject: { uri: string; version?: number }, line: number) =>
    fixActions(subject, findings, rangesIn(text), { range: place(line), diagnostics: [diagnostic] });

  it('stand at its place, the first of them preferred, for the version that they were made from', () => {
    deepEqual(
      actions({ uri: 'file:///a.sql', version: 7 }, 1).map(({ title, isPreferred, diagnostics, edit }) => ({
        title,
        isPreferred,
        diagnostics,
        edit,
      })),
      fixes.map(({ title, edits }, i) => ({
        title,
        isPreferred: i === 0 ? true : undefined,
        diagnostics: [diagnostic],
        edit: {
          documentChanges: [
            {
              textDocument: { uri: 'file:///a.sql', version: 7 },
              edits: edits.map(({ text }) => ({ range: diagnostic.range, newText: text })),
            },
          ],
        },
      })),
    );
    deepEqual(actions({ uri: 'file:///a.sql', version: 7 }, 0), []);
  });

  it('are plain changes for an editor that knows no versions', () => {
    const [action] = actions({ uri: 'file:///a.sql' }, 1);
    deepEqual(action?.edit, {
      changes: { 'file:///a.sql': [{ range: diagnostic.range, newText: '-- migrate:down' }] },
    });
  });
});
