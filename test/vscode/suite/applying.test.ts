/** Apply, revert, snapshot and restore through the commands, on the embedded Postgres. */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { commands, languages, type ThemeIcon, type TreeDataProvider, Uri, window, workspace } from 'vscode';
import type { Node } from '../../../client/views/node';
import {
  type Asked,
  answering,
  closeEditors,
  fileUri,
  messageOf,
  migrationIn,
  openFile,
  picking,
  press,
  pressing,
  projectIn,
  statesIn,
  theExtension,
  turningAway,
  typing,
  until,
} from './support';

const folder = 'db/migrations';

const mistaken = fileUri(`${folder}/20240402150000_order_totals.sql`);

describe('applying to the embedded Postgres', () => {
  let text: Uint8Array;

  before(async () => {
    await theExtension();
    text = await workspace.fs.readFile(mistaken);
  });
  afterEach(closeEditors);
  // Other suites look at the mistake, which the last test mends.
  after(async () => {
    const row = { kind: 'project', project: await projectIn(folder) };
    if ((await statesIn(folder)).at(-1) === 'applied') {
      await answering([press], () => commands.executeCommand('rehearsal.revertLast', row));
    }
    await workspace.fs.writeFile(mistaken, text);
  });

  it('asks in a modal dialog that names the deed and the target; turned away, nothing happens', async () => {
    const { uri } = await migrationIn(folder, 'create_customers');
    const asked = await answering([turningAway], () => commands.executeCommand('rehearsal.apply', uri));
    const { target } = await projectIn(folder);
    equal(asked.length, 1);
    equal(messageOf(asked[0]), `Apply 20240105090000 create_customers to ${target.label}?`);
    ok((asked[0]!.args[1] as { modal: boolean }).modal);
    equal(asked[0]!.args[2], 'Apply to embedded Postgres');
    deepEqual(new Set(await statesIn(folder)), new Set(['pending']));
  });

  it('applies one migration', async () => {
    const { uri } = await migrationIn(folder, 'create_customers');
    const asked = await answering([press], () => commands.executeCommand('rehearsal.apply', uri));
    match(messageOf(asked[1]), /^Applied 1 migration to embedded Postgres in \d+ ms\.$/);
    deepEqual(await statesIn(folder), ['applied', 'pending', 'pending', 'pending', 'pending']);
  });

  it('applies up to a migration, from its row', async () => {
    const project = await projectIn(folder);
    const migration = project.migrations.find((it) => it.title === 'index_orders_by_customer');
    const asked = await answering([press], () =>
      commands.executeCommand('rehearsal.applyUpToHere', { kind: 'migration', project, migration }),
    );
    match(messageOf(asked[0]), /^Apply 3 migrations to /);
    match(detailOf(asked[0]), /^20240112101500 create_products\n20240203120000 create_orders\n20240310083000 .*\n\n/);
    equal(asked[0]!.args[2], 'Apply to embedded Postgres');
    deepEqual(await statesIn(folder), ['applied', 'applied', 'applied', 'applied', 'pending']);
  });

  it('a refused statement is selected in its file; where nothing of it stands, there is nothing to go back from', async () => {
    const project = await projectIn(folder);
    await openFile(`${folder}/20240402150000_order_totals.sql`);
    await until('the error', () => (languages.getDiagnostics(mistaken).length > 0 ? true : undefined));
    const asked = await answering([pressing('Apply Anyway')], () =>
      commands.executeCommand('rehearsal.applyAllPending', { kind: 'project', project }),
    );
    match(detailOf(asked[0]), /^The rehearsal found errors:\n1 error in 20240402150000_order_totals\.sql: column .*\n/);
    // Enter presses the first one.
    deepEqual(asked[0]!.args.slice(2), ['Show Errors', 'Apply Anyway']);
    equal(asked[1]!.dialog, 'showErrorMessage');
    equal(asked[1]!.args.length, 1);
    match(messageOf(asked[1]), /^20240402150000_order_totals\.sql:\d+: .*p\.price.* \(42703\)\. /);
    const editor = window.activeTextEditor!;
    match(editor.document.fileName, /order_totals/);
    match(editor.document.getText(editor.selection), /^p\.price|create view/);
    deepEqual(await statesIn(folder), ['applied', 'applied', 'applied', 'applied', 'pending']);
  });

  it('reverts the last one', async () => {
    const { uri } = await migrationIn(folder, 'index_orders_by_customer');
    const asked = await answering([press], () => commands.executeCommand('rehearsal.revertLast', uri));
    match(messageOf(asked[0]), /^Revert 20240310083000 index_orders_by_customer on /);
    match(messageOf(asked[1]), /^Reverted 1 migration on /);
    deepEqual(await statesIn(folder), ['applied', 'applied', 'applied', 'pending', 'pending']);
  });

  it('takes a snapshot, and puts it back over what came later', async () => {
    const { trees } = await theExtension();
    const project = await projectIn(folder);
    const row = { kind: 'project', project };
    await answering([], () => commands.executeCommand('rehearsal.snapshotNow', row));
    const [newest] = await snapshotsIn(trees.snapshots, folder);
    const { description } = await trees.snapshots.getTreeItem(newest!);
    // Short: of this year the year goes without saying.
    match(String(description), /^(?!.*20\d\d).+\d:\d\d.* · .+B$/);
    await answering([press], () => commands.executeCommand('rehearsal.revertLast', row));
    deepEqual(await statesIn(folder), ['applied', 'applied', 'pending', 'pending', 'pending']);
    const restore = pressing('Restore embedded Postgres');
    const asked = await answering([restore], () => commands.executeCommand('rehearsal.revertToSnapshot', newest));
    match(messageOf(asked[0]), /^Restore embedded Postgres.* to the snapshot of /);
    deepEqual(await statesIn(folder), ['applied', 'applied', 'applied', 'pending', 'pending']);
  });

  it('names and pins a snapshot, where its row shows it, and compares it with the database now', async () => {
    const { trees } = await theExtension();
    const project = await projectIn(folder);
    await answering([], () => commands.executeCommand('rehearsal.snapshotNow', { kind: 'project', project }));
    const newest = async (): Promise<Node> => (await snapshotsIn(trees.snapshots, folder))[0]!;
    await answering([typing('clean')], async () => commands.executeCommand('rehearsal.renameSnapshot', await newest()));
    await commands.executeCommand('rehearsal.pinSnapshot', await newest());
    const { label, contextValue, iconPath } = await trees.snapshots.getTreeItem(await newest());
    deepEqual([label, contextValue, (iconPath as ThemeIcon).id], ['clean', 'snapshot.pinned', 'pinned']);

    const compared = await answering([picking('as it is now'), pressing('Show')], async () =>
      commands.executeCommand('rehearsal.compareSnapshot', await newest()),
    );
    match(messageOf(compared[1]), /^No differences between clean \(.*\) and embedded Postgres as it is now\.$/);
    const diff = window.tabGroups.activeTabGroup.activeTab;
    match(diff?.label ?? '', /^clean \(.*\) ↔ embedded Postgres as it is now$/);
    await commands.executeCommand('rehearsal.unpinSnapshot', await newest());
    equal((await trees.snapshots.getTreeItem(await newest())).contextValue, 'snapshot');
  });

  it('gives single tables the rows of a snapshot, and keeps rows when all of it is restored', async () => {
    const { trees } = await theExtension();
    const [newest] = await snapshotsIn(trees.snapshots, folder);
    const all = ({ args: [rows] }: Asked): unknown => rows;
    const asked = await answering([all, press], () => commands.executeCommand('rehearsal.restoreTables', newest));
    match(messageOf(asked[1]), /^Give public\..* on embedded Postgres.* the rows of the snapshot of /);
    match(messageOf(asked.at(-1)), /^Restored the rows of public\./);
    const told = await answering([pressing('Restore, Keep Rows…')], () =>
      commands.executeCommand('rehearsal.revertToSnapshot', newest),
    );
    match(messageOf(told[1]), /^Nothing that was written since .* can be carried over\./);
  });

  it('deletes a snapshot after it was asked for by its name; turned away, it stays', async () => {
    const { trees } = await theExtension();
    const project = await projectIn(folder);
    const [newest, ...others] = await snapshotsIn(trees.snapshots, folder);
    const run = () => commands.executeCommand('rehearsal.deleteSnapshot', newest);
    const [asked] = await answering([turningAway], run);
    match(messageOf(asked), /^Delete the snapshot of embedded Postgres.* of .*\?$/);
    const [, { modal, detail }, button] = asked!.args as [string, { modal: boolean; detail: string }, string];
    ok(modal && detail.includes(newest!.kind === 'snapshot' ? newest!.snapshot.reason : 'a snapshot'), detail);
    equal(button, `Delete Snapshot of embedded Postgres`);
    equal((await snapshotsIn(trees.snapshots, folder)).length, others.length + 1);
    const told = await answering([press], run);
    match(messageOf(told[1]), /^Deleted a snapshot of embedded Postgres \(.*B\)\.$/);
    deepEqual(idsOf(await snapshotsIn(trees.snapshots, folder)), idsOf(others));
    equal((await projectIn(folder)).target.label, project.target.label);
  });

  it('saves what is typed before it applies', async () => {
    const { uri } = await migrationIn(folder, 'order_totals');
    const editor = await window.showTextDocument(Uri.parse(uri!));
    const text = editor.document.getText();
    const at = text.indexOf('p.price');
    const end = editor.document.positionAt(at + 'p.price'.length);
    await editor.edit((edit) => edit.insert(end, '_cents'));
    const project = await projectIn(folder);
    await answering([press], () => commands.executeCommand('rehearsal.applyAllPending', { kind: 'project', project }));
    ok(!editor.document.isDirty);
    deepEqual(new Set(await statesIn(folder)), new Set(['applied']));
  });
});

const detailOf = (asked: Asked | undefined): string => (asked!.args[1] as { detail: string }).detail;

const idsOf = (rows: readonly Node[]): string[] =>
  rows.flatMap((row) => (row.kind === 'snapshot' ? [row.snapshot.id] : []));

async function snapshotsIn(tree: TreeDataProvider<Node>, path: string): Promise<Node[]> {
  const { folder: wanted } = await projectIn(path);
  const rows = (await tree.getChildren()) ?? [];
  const row = rows.find((it) => it.kind === 'project' && it.project.folder === wanted);
  return (await tree.getChildren(row)) ?? [];
}
