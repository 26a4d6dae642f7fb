/** A user opens a project and sees its migrations. */
import { useWorkbench } from './workbench';

describe('opening a project', () => {
  const workbench = useWorkbench({ file: 'db/migrations/20240402150000_order_totals.sql' });

  it('marks the mistake in the open migration', async () => {
    await workbench().page.locator('.squiggly-error').first().waitFor({ state: 'attached' });
  });

  it('lists the migrations in the sidebar', async () => {
    const { container, row, shot } = workbench();
    await container('Rehearsal');
    await row('order totals').or(row('order_totals')).first().waitFor();
    await shot('migrations');
  });

  it('shows the finding in the Problems panel', async () => {
    const { command, page, shot } = workbench();
    await command('View: Toggle Problems');
    await page.locator('.markers-panel .monaco-list-row').filter({ hasText: 'p.price does not exist' }).waitFor();
    await shot('problems');
    await command('View: Toggle Problems');
  });
});
