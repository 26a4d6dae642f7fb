/** The preview opens VS Code's own diff editor on the schema before and after. */
import { equal, match, ok } from 'node:assert/strict';
import { commands, TabInputTextDiff, window, workspace } from 'vscode';
import { answering, closeEditors, fileUri, migrationIn, projectIn, theExtension, until } from './support';

describe('preview', () => {
  before(theExtension);
  afterEach(closeEditors);

  it('of one migration, called as a lens calls it', async () => {
    const uri = fileUri('db/migrations/20240112101500_create_products.sql').toString();
    await commands.executeCommand('rehearsal.previewChanges', uri);
    const { label, before, after } = await openDiff();
    match(label, /create_products/);
    ok(!before.includes('products'));
    match(after, /CREATE TABLE public\.products/);
  });

  it('of all that is pending, called from the row of a project', async () => {
    const project = await projectIn('billing/migrations');
    await commands.executeCommand('rehearsal.previewChanges', { kind: 'project', project });
    const { before, after } = await openDiff();
    ok(!before.includes('invoices'));
    match(after, /due date/);
  });

  it('says in its title what was refused', async () => {
    const { uri } = await migrationIn('db/migrations', 'order_totals');
    const asked = await answering([], () => commands.executeCommand('rehearsal.previewChanges', uri));
    // The only statement is refused, so there is nothing to show but that.
    equal(asked.length, 1);
    match(String(asked[0]!.args[0]), /refused/);
  });
});

interface Diff {
  readonly label: string;
  readonly before: string;
  readonly after: string;
}

async function openDiff(): Promise<Diff> {
  return until('a diff editor', async () => {
    const tab = window.tabGroups.activeTabGroup.activeTab;
    if (!(tab?.input instanceof TabInputTextDiff)) return undefined;
    const [before, after] = await Promise.all(
      [tab.input.original, tab.input.modified].map((uri) => workspace.openTextDocument(uri)),
    );
    equal(before!.languageId, 'sql');
    return { label: tab.label, before: before!.getText(), after: after!.getText() };
  });
}
