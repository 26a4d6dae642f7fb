/** A migration in Python as a user meets it: its states, its refusal at the operation, and the SQL beside it. */
import { match } from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { debianPython, djangoFiles, furtherMigration, withDjango } from '../../support/django';
import { asAdmin, binariesOf, serverOf, servers } from '../../support/servers';
import { useWorkbench } from './workbench';

const file = 'shop/migrations/0003_note.py';

describe('a project of Django', function () {
  this.timeout(180_000);
  let url = '';
  before(async () => {
    withDjango();
    const server = await serverOf(servers.newest);
    await asAdmin(server, 'create database shop_ui');
    url = server.url('shop_ui');
  });
  const open = useWorkbench({
    file,
    fill(folder) {
      const settings = { 'rehearsal.python': debianPython, 'rehearsal.postgresBinaries': [binariesOf(servers.newest)] };
      const texts = {
        ...djangoFiles(url),
        [file]: furtherMigration(
          `        migrations.AddField('order', 'note', models.TextField(default='')),
        migrations.RunSQL('create index on shop_order (nothing)', ''),`,
        ),
        '.vscode/settings.json': JSON.stringify(settings),
      };
      for (const [name, text] of Object.entries(texts)) {
        mkdirSync(dirname(join(folder, name)), { recursive: true });
        writeFileSync(join(folder, name), text);
      }
    },
  });

  it('has its migrations in the list, and the refusal where its operation stands', async () => {
    const { page, container, row, shot } = open();
    await container('Rehearsal');
    // Below those of Django's own apps.
    await row('initial').first().hover();
    for (let turn = 0; turn < 10; turn++) await page.mouse.wheel(0, 1_000);
    await row('note').waitFor();
    await page.locator('.squiggly-error').first().waitFor();
    const lens = page.locator('.codelens-decoration').filter({ hasText: 'SQL' });
    await lens.first().waitFor();
    await shot('django');
  });

  it('shows the SQL beside the file', async () => {
    const { page, shot } = open();
    await page.locator('.codelens-decoration a').filter({ hasText: /^SQL$/ }).first().click();
    const beside = page.locator('.editor-instance').nth(1);
    await beside.locator('.view-line').filter({ hasText: 'ADD COLUMN' }).first().waitFor();
    match((await beside.textContent()) ?? '', /RunSQL/);
    await shot('django sql');
  });
});
