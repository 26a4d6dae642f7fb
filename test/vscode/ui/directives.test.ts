/** Directives as a user meets them: coloured, completed while typing, explained under the pointer, mended by a quick fix. */
import { deepEqual, equal, match, notEqual } from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { useWorkbench } from './workbench';

const name = '00001_users.sql';
const file = `migrations/${name}`;
const text = `-- +goose Up
-- +goose ENVSUB ON
create table users (id bigint primary key, plan text default '\${PLAN:-free}');
-- +goose ENVSUB OFF

-- +goose StatementBegin
create function count_users() returns bigint language sql as $$
  select count(*) from users;
$$;
-- +goose StatementEnd

-- goose Down
drop function count_users();
drop table users;
`;

describe('directives', function () {
  this.timeout(180_000);
  const open = useWorkbench({
    file,
    fill(folder) {
      mkdirSync(join(folder, 'migrations'));
      writeFileSync(join(folder, file), text);
      const others = {
        'dbmate/migrations/20240101000000_a.sql': '-- migrate:up transaction:false\nselect 1;\n\n-- migrate:down\n',
        'others/all.sql': [
          '-- no-transaction',
          '--! no-transaction',
          '--! Previous: sha1:2fd4e1c6',
          '--!include functions/audit.sql',
          '-- atlas:txmode none',
          'select 1;--> statement-breakpoint',
          '-- Up Migration',
          '--liquibase formatted sql',
          '--changeset me:1 runInTransaction:false labels:v2',
          '--rollback drop table users;',
          '--precondition-sql-check expectedResult:0 select count(*) from users',
          'select * from ${flyway:defaultSchema}.users where a::text = $1;',
          '-- an ordinary comment',
        ].join('\n'),
      };
      for (const [path, content] of Object.entries(others)) {
        mkdirSync(join(folder, path, '..'), { recursive: true });
        writeFileSync(join(folder, path), content);
      }
    },
  });
  const lines = () => open().page.locator('.editor-instance .view-line');
  const word = (words: string) => lines().locator('span span').filter({ hasText: words }).first();
  const colour = (words: string): Promise<string> =>
    word(words).evaluate((it) => String(it.ownerDocument.defaultView?.getComputedStyle(it).color));
  const textOf = async (line: number): Promise<string> => {
    const all = await lines().evaluateAll((found) =>
      found
        .map((it) => ({ top: Number.parseFloat(it.style.top), text: it.textContent }))
        .toSorted((a, b) => a.top - b.top),
    );
    return (all[line - 1]?.text ?? '').replaceAll('\u00a0', ' ');
  };
  const goTo = async (place: string): Promise<void> => {
    await open().command('Go to Line/Column');
    await open().quickInput.locator('input').fill(`:${place}`);
    await open().page.keyboard.press('Enter');
    await open().quickInput.waitFor({ state: 'hidden' });
  };

  it('mends a misspelt one by its quick fix', async () => {
    const { page, shot } = open();
    await page.locator('.squiggly-warning').first().waitFor({ state: 'attached' });
    await page.locator('.codelens-decoration').filter({ hasText: 'Rehearsed in' }).first().waitFor();
    await goTo('12,6');
    await page.keyboard.press('Control+.');
    const menu = page.locator('.action-widget');
    await menu.getByText('Write "-- +goose Down"').waitFor();
    await shot('directive quick fix');
    await page.keyboard.press('Enter');
    await page.locator('.squiggly-warning').first().waitFor({ state: 'detached' });
    equal(await textOf(12), '-- +goose Down');
  });

  it('explains what is under the pointer', async () => {
    const { page, shot } = open();
    await word('StatementBegin').hover();
    const hover = page.locator('.monaco-hover:visible').filter({ hasText: 'goose ends a statement at each line' });
    await hover.waitFor();
    match((await hover.locator('a').getAttribute('data-href')) ?? (await hover.innerHTML()), /pressly\.github\.io/);
    await shot('directive hover');
    await page.mouse.move(0, 0);
  });

  it('completes what may stand there while it is typed', async () => {
    const { page, shot } = open();
    await goTo('11');
    await page.keyboard.type('-- +goose st', { delay: 40 });
    const widget = page.locator('.suggest-widget.visible');
    await widget.locator('.monaco-list-row').filter({ hasText: '-- +goose StatementBegin' }).waitFor();
    // Each letter is asked about anew.
    await widget.locator('.monaco-list-row').filter({ hasText: 'NO TRANSACTION' }).waitFor({ state: 'detached' });
    equal(await widget.locator('.monaco-list-row').count(), 1);
    await shot('directive completion');
    await page.keyboard.press('Enter');
    await page.keyboard.type('select 1;');
    // The page draws behind what is typed.
    await page
      .locator('.view-line')
      .filter({ hasText: /select\s1;/ })
      .waitFor();
    deepEqual(await Promise.all([11, 13].map(textOf)), ['-- +goose StatementBegin', '-- +goose StatementEnd']);
  });

  for (const [theme, shotName] of [
    ['Light Modern', 'light'],
    ['Dark Modern', 'dark'],
  ] as const)
    it(`colours them as keywords in ${theme}`, async () => {
      const { page, shot, useTheme, command, quickInput } = open();
      await useTheme(theme);
      await command('Go to File');
      await quickInput.locator('input').fill('others/all.sql');
      await quickInput.locator('.monaco-list-row').filter({ hasText: 'all.sql' }).first().click();
      await page.locator('.view-line').filter({ hasText: 'an ordinary comment' }).waitFor();
      const words = ['changeset', 'statement-breakpoint', 'Up Migration', 'txmode', 'include'];
      const [first, ...rest] = await Promise.all(words.map(colour));
      deepEqual(
        rest.filter((it) => it !== first),
        [],
      );
      notEqual(first, await colour('an ordinary comment'));
      await shot(`directives ${shotName}`);
    });
});
