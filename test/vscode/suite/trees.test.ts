/** What the sidebar, the status bar and the badges show of a workspace with two projects. */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import {
  CancellationTokenSource,
  commands,
  type FileDecoration,
  type MarkdownString,
  type TreeDataProvider,
  type TreeItem,
  Uri,
  window,
} from 'vscode';
import type { Node } from '../../../client/views/node';
import { closeEditors, fileUri, openFile, theExtension, until } from './support';

describe('trees', () => {
  it('migrations: a row for each project, and below it one for each migration, oldest first', async () => {
    const { trees } = await theExtension();
    const projects = await rowsOf(trees.migrations);
    equal(projects.length, 2);
    const migrations = await rowsOf(trees.migrations, projects[1]!.node);
    // Whether it has been rehearsed by now, with its mistake, is told by what follows.
    deepEqual(
      migrations.map(({ item }) => [item.label, `${item.description}`.replace('1 error · ', '')]),
      [
        ['create_customers', '20240105090000'],
        ['create_products', '20240112101500'],
        ['create_orders', '20240203120000'],
        ['index_orders_by_customer', '20240310083000'],
        ['order_totals', '20240402150000'],
      ],
    );
    match(migrations[0]!.item.contextValue!, /^migration\./);
    match(migrations[0]!.item.accessibilityInformation!.label, /create_customers/);
    equal(migrations[0]!.item.command?.command, 'vscode.open');
  });

  it('migrations: one that is pending shows the errors of its rehearsal, and loses them with the mistake', async () => {
    const { trees } = await theExtension();
    const description = async () => {
      const [, shop] = await rowsOf(trees.migrations);
      return (await rowsOf(trees.migrations, shop!.node)).at(-1)!.item.description;
    };
    const document = await openFile('db/migrations/20240402150000_order_totals.sql');
    await until('the error', async () => ((await description()) === '1 error · 20240402150000' ? true : undefined));
    const at = document.getText().indexOf('p.price') + 'p.price'.length;
    await window.activeTextEditor!.edit((edit) => edit.insert(document.positionAt(at), '_cents'));
    await until('its end', async () => ((await description()) === '20240402150000' ? true : undefined));
    await commands.executeCommand('workbench.action.files.revert');
    await closeEditors();
  });

  it('migrations: a down file of its own can be opened, a file with both has none', async () => {
    const { trees } = await theExtension();
    const [billing, shop] = await rowsOf(trees.migrations);
    ok((await rowsOf(trees.migrations, billing!.node))[0]!.item.contextValue!.endsWith('.downFile'));
    ok(!(await rowsOf(trees.migrations, shop!.node))[0]!.item.contextValue!.endsWith('.downFile'));
  });

  it('databases: each project with its target and where the choice came from', async () => {
    const { trees } = await theExtension();
    const rows = await rowsOf(trees.databases);
    deepEqual(
      rows.map(({ item }) => item.label),
      ['billing/migrations', 'db/migrations'],
    );
    for (const { item } of rows) {
      match(String(item.description), /^embedded Postgres of \w+ · PGlite \(PostgreSQL 18.*\) · [a-z-]+ · \w+/);
    }
  });

  it('the status bar tells target and pending count of the file in the editor', async () => {
    const { statusBar, projects } = await theExtension();
    await openFile('billing/migrations/000001_create_invoices.up.sql');
    const billing = projects.current[0]!;
    const pending = billing.migrations.filter((it) => it.state === 'pending').length;
    equal(statusBar.text, `$(database) embedded Postgres · ${pending} pending`);
    equal(statusBar.backgroundColor, undefined);
    await until(
      'the place',
      () => /the target is the embedded/.test((statusBar.tooltip as MarkdownString).value) || undefined,
    );
  });

  it('a badge tells the state of a migration file, and other files have none', async () => {
    const { badges } = await theExtension();
    const badge = await decorationOf(badges, fileUri('billing/migrations/000002_add_due_date.down.sql'));
    match(badge!.badge!, /^.{1,2}$/u);
    match(badge!.tooltip!, /embedded/);
    equal(await decorationOf(badges, fileUri('README.md')), undefined);
  });
});

async function rowsOf(tree: TreeDataProvider<Node>, parent?: Node): Promise<{ node: Node; item: TreeItem }[]> {
  const nodes = (await tree.getChildren(parent)) ?? [];
  return Promise.all(nodes.map(async (node) => ({ node, item: await tree.getTreeItem(node) })));
}

async function decorationOf(
  badges: Awaited<ReturnType<typeof theExtension>>['badges'],
  uri: Uri,
): Promise<FileDecoration | undefined> {
  const decoration = await badges.provideFileDecoration(uri, new CancellationTokenSource().token);
  return decoration ?? undefined;
}
