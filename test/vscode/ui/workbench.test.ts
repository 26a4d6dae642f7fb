/** What a user sees and clicks: side bar, editor, preview, dialogs, notifications, in each kind of theme. */
import { deepEqual, match, ok } from 'node:assert/strict';
import { cpSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { useWorkbench } from './workbench';

describe('workbench', function () {
  this.timeout(180_000);
  const open = useWorkbench({ file: 'db/migrations/20240402150000_order_totals.sql' });

  it('shows projects, migrations and databases in the side bar', async () => {
    await open().container('Rehearsal');
    await open().row('index_orders_by_customer').waitFor();
    await open().row('add_due_date').waitFor();
    await open().row('embedded').first().waitFor();
    await open().shot('sidebar');
  });

  it('marks the mistake, says where it was rehearsed, colours the marker', async () => {
    await open().page.locator('.squiggly-error').first().waitFor({ state: 'attached' });
    await open().page.locator('.codelens-decoration').filter({ hasText: 'Rehearsed in' }).first().waitFor();
    const marker = open()
      .page.locator('.view-line span')
      .filter({ hasText: /^migrate:up$/ })
      .first();
    await marker.waitFor();
    await open().shot('editor');
  });

  it('tells the target and what is pending in the status bar', async () => {
    await open().statusBar.getByText('embedded Postgres · 5 pending').waitFor();
  });

  it('offers what fits on a row', async () => {
    await open().row('create_customers').click({ button: 'right' });
    const menu = open().page.locator('.context-view .monaco-menu');
    for (const title of ['Preview Changes', 'Rehearse', 'Apply…', 'Apply Up To Here…']) {
      await menu.getByText(title, { exact: true }).waitFor();
    }
    await open().shot('row menu');
    await open().page.keyboard.press('Escape');
  });

  it('opens the preview in the diff editor', async () => {
    const row = open().row('create_customers');
    await row.hover();
    await row.locator('.action-label[aria-label^="Preview Changes"]').click();
    await open().page.locator('.monaco-diff-editor .view-line').filter({ hasText: 'CREATE TABLE' }).first().waitFor();
    await open().shot('preview');
    await open().command('View: Close Editor');
  });

  it('lists the databases to choose from', async () => {
    await open().command('Rehearsal: Choose Database');
    await open().quickInput.locator('.monaco-list-row').filter({ hasText: 'db/migrations' }).click();
    await open().quickInput.locator('.monaco-list-row').filter({ hasText: 'Embedded Postgres' }).waitFor();
    await open().shot('choose database');
    await open().quickInput.locator('.monaco-list-row').filter({ hasText: 'Enter Connection' }).click();
    await open().quickInput.getByText('The password is kept in the keychain only').waitFor();
    await open().shot('enter connection');
    await open().page.keyboard.press('Escape');
  });

  it('asks before it applies; Cancel changes nothing', async () => {
    const row = open().row('create_customers');
    await row.hover();
    await row.locator('.action-label[aria-label^="Apply"]').click();
    await open()
      .dialog.getByText(/^Apply 20240105090000 create_customers to /)
      .waitFor();
    await open().shot('confirm apply');
    await open().dialog.getByRole('button', { name: 'Cancel' }).click();
    await open().statusBar.getByText('embedded Postgres · 5 pending').waitFor();
  });

  it('applies, and tree, status bar and snapshots follow', async () => {
    const row = open().row('create_customers');
    await row.hover();
    await row.locator('.action-label[aria-label^="Apply"]').click();
    await open().dialog.getByRole('button', { name: 'Apply to embedded Postgres' }).click();
    await open().statusBar.getByText('embedded Postgres · 4 pending').waitFor();
    await open().notification('Applied 1 migration to embedded Postgres');
    await open().shot('applied');
    await open().command('Notifications: Clear All Notifications');
  });

  it('selects the refused statement and offers the snapshot', async () => {
    await open().command('Rehearsal: Apply All Pending');
    await open().quickInput.locator('.monaco-list-row').filter({ hasText: 'db/migrations' }).click();
    await open()
      .dialog.getByText(/1 error in 20240402150000_order_totals\.sql/)
      .waitFor();
    await open().dialog.getByRole('button', { name: 'Apply Anyway' }).click();
    const notification = await open().notification('p.price');
    await notification.getByText('Restore Snapshot').waitFor();
    await notification.getByText('Keep What Was Applied').waitFor();
    await open().shot('refused');
    await notification.getByText('Keep What Was Applied').click();
    await open().statusBar.getByText('embedded Postgres · 1 pending').waitFor();
  });

  it('badges the files in the explorer', async () => {
    await open().container('Explorer');
    const file = open().row('20240105090000_create_customers.sql');
    await file.locator('[aria-label*="embedded Postgres"]').first().waitFor();
    await open().shot('explorer');
  });

  it('writes one line per check into the log', async () => {
    await open().command('Rehearsal: Show Log');
    await open()
      .page.locator('.output-view .view-line')
      .filter({ hasText: /check\s+\d+_order_totals/ })
      .first()
      .waitFor();
    await open().shot('log');
    await open().command('View: Toggle Output');
  });

  for (const [name, theme] of [
    ['light', 'Light Modern'],
    ['high contrast', 'Dark High Contrast'],
    ['high contrast light', 'Light High Contrast'],
  ] as const) {
    it(`can be read in ${name}`, async () => {
      await open().useTheme(theme);
      await open().container('Rehearsal');
      await open().row('order_totals').first().waitFor();
      await open().shot(`theme ${name}`);
      await open().page.locator('.squiggly-error').first().waitFor();
    });
  }
});

describe('workbench without migrations', function () {
  this.timeout(180_000);
  const open = useWorkbench({ fill: () => undefined });

  it('offers to write the first one, and does', async () => {
    await open().container('Rehearsal');
    await open().sidebar.getByText('No migrations were found').waitFor();
    await open().shot('no migrations');
    await open().sidebar.getByRole('button', { name: 'New Migration' }).click();
    await open().quickInput.locator('.monaco-list-row').filter({ hasText: 'golang-migrate' }).click();
    await open().quickInput.getByText('Folder of the migrations').waitFor();
    await open().page.keyboard.press('Enter');
    await open().quickInput.getByText('What does it do?').waitFor();
    await open().page.keyboard.type('create users');
    await open().page.keyboard.press('Enter');
    await open().row('create_users').waitFor();
    await open().shot('first migration');
    const [down, up, ...others] = readdirSync(join(open().workspace, 'migrations')).toSorted();
    match(down ?? '', /^\d+_create_users\.down\.sql$/);
    match(up ?? '', /^\d+_create_users\.up\.sql$/);
    deepEqual(others, []);
  });
});

describe('walkthrough', function () {
  this.timeout(180_000);
  const open = useWorkbench();

  it('shows its steps, each with a picture', async () => {
    await open().command('Welcome: Open Walkthrough');
    await open().quickInput.locator('.monaco-list-row').filter({ hasText: 'have already run' }).click();
    const steps = open().page.locator('.getting-started-step');
    // Beside a side bar there is no room for the picture.
    await open().command('View: Toggle Primary Side Bar Visibility');
    await steps.filter({ hasText: 'See what it changes' }).click();
    const media = open().page.frameLocator('.getting-started-media iframe.webview.ready');
    await media.frameLocator('iframe#active-frame').locator('svg').waitFor();
    deepEqual(await steps.count(), 4);
    await open().shot('walkthrough');
  });
});

describe('workbench in Restricted Mode', function () {
  this.timeout(180_000);
  const open = useWorkbench({ restricted: true, file: 'db/migrations/20240402150000_order_totals.sql' });

  it('colours SQL, says why nothing runs, and hides what would connect', async () => {
    await open().container('Rehearsal');
    await open().sidebar.getByText('In Restricted Mode').first().waitFor();
    await open()
      .page.locator('.view-line span')
      .filter({ hasText: /^migrate:up$/ })
      .first()
      .waitFor();
    await open().shot('restricted');
    await open().page.keyboard.press('F1');
    await open().quickInput.locator('input').fill('>Rehearsal: ');
    await open().quickInput.locator('.monaco-list-row').filter({ hasText: 'Rehearsal: Show Log' }).waitFor();
    ok((await open().quickInput.locator('.monaco-list-row').filter({ hasText: 'Rehearsal: Apply' }).count()) === 0);
    await open().page.keyboard.press('Escape');
    ok((await open().page.locator('.squiggly-error').count()) === 0);
  });

  it('starts to rehearse as soon as the workspace is trusted', async () => {
    await open().sidebar.getByRole('button', { name: 'Manage Workspace Trust' }).click();
    await open().page.locator('.workspace-trust-editor').getByRole('button', { name: 'Trust', exact: true }).click();
    await open().row('index_orders_by_customer').waitFor();
    await open().page.keyboard.press('Escape');
    await open().page.locator('.squiggly-error').first().waitFor({ state: 'attached' });
    await open().shot('trusted');
  });
});

describe('workbench with two workspace folders', function () {
  this.timeout(180_000);
  const open = useWorkbench({ workspaceFile: 'two.code-workspace', fill: fillTwo });

  it('shows the projects of both, each with its folder', async () => {
    await open().container('Rehearsal');
    await open().row('shop/db/migrations').first().waitFor();
    await open().row('billing/migrations').first().waitFor();
    await open().row('create_customers').waitFor();
    await open().row('create_invoices').waitFor();
    await open().shot('multi root');
  });
});

function fillTwo(folder: string): void {
  const from = join(__dirname, '../workspace');
  cpSync(join(from, 'db'), join(folder, 'shop/db'), { recursive: true });
  cpSync(join(from, 'billing'), join(folder, 'billing'), { recursive: true });
  writeFileSync(
    join(folder, 'two.code-workspace'),
    JSON.stringify({ folders: [{ path: 'shop' }, { path: 'billing' }] }),
  );
}
