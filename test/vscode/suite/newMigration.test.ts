/** New Migration writes what the tool expects and opens it with the cursor where the SQL goes. */
import { equal, match, ok } from 'node:assert/strict';
import { commands, window, workspace } from 'vscode';
import { answering, closeEditors, projectIn, theExtension, typing, until } from './support';

describe('new migration', () => {
  before(theExtension);
  afterEach(closeEditors);

  it('of dbmate: one file with both markers', async () => {
    const project = await projectIn('db/migrations');
    const asked = await answering([typing('add email to customers')], () =>
      commands.executeCommand('rehearsal.newMigration', { kind: 'project', project }),
    );
    const { validateInput } = asked[0]!.args[0] as { validateInput: (text: string) => string | undefined };
    ok(validateInput('  '));
    equal(validateInput('x'), undefined);
    const { document, selection } = window.activeTextEditor!;
    match(document.fileName, /[\\/]\d{14}_add_email_to_customers\.sql$/);
    match(document.getText(), /^-- migrate:up/);
    ok(document.offsetAt(selection.active) > 0);
    await until('its row', async () =>
      (await projectIn('db/migrations')).migrations.find(({ uri }) => uri?.includes('add_email_to')),
    );
    await workspace.fs.delete(document.uri);
  });

  it('of golang-migrate: an up file and a down file with the next number', async () => {
    const project = await projectIn('billing/migrations');
    await answering([typing('pay')], () =>
      commands.executeCommand('rehearsal.newMigration', { kind: 'project', project }),
    );
    const { document } = window.activeTextEditor!;
    match(document.fileName, /[\\/]000003_pay\.up\.sql$/);
    await commands.executeCommand('rehearsal.openDownFile', document.uri);
    const down = window.activeTextEditor!.document;
    match(down.fileName, /[\\/]000003_pay\.down\.sql$/);
    await Promise.all([document.uri, down.uri].map((uri) => workspace.fs.delete(uri)));
  });
});
