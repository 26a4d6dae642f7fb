/** A user tries the pending migrations out on a copy, and reads the report. */
import { useWorkbench } from './workbench';

describe('a trial run', function () {
  this.timeout(300_000);
  const workbench = useWorkbench();

  it('asks where the copy comes from, and shows the report as a page', async () => {
    const { command, container, row, quickInput, page, shot } = workbench();
    await container('Rehearsal');
    await row('add_due_date').waitFor();
    await command('Rehearsal: Trial Run');
    await quickInput.locator('.monaco-list-row').filter({ hasText: 'billing/migrations' }).click();
    await quickInput.getByText('Of its file. The copy is thrown away at the end.').waitFor();
    await shot('trial source');
    await quickInput.locator('.monaco-list-row').filter({ hasText: 'Of its file' }).click();
    const report = page.frameLocator('iframe.webview.ready').frameLocator('iframe#active-frame');
    await report.getByRole('heading', { name: /^Trial run on a copy of/ }).waitFor({ timeout: 240_000 });
    await shot('trial report');
    await report.getByText('The schema is exactly as before.').waitFor();
    await report.getByRole('heading', { name: 'Schema' }).scrollIntoViewIfNeeded();
    await shot('trial report end');
  });

  it('offers to let a copy become the database', async () => {
    const { notification, shot } = workbench();
    const told = await notification('All ran. Down: exact.');
    await told.getByRole('button', { name: 'Swap…' }).waitFor();
    await shot('trial choices');
  });
});
