/** Environments in the Databases view: listed without a connection, rehearsed, never changed without their name. */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { commands, ConfigurationTarget, type TreeDataProvider, type TreeItem, window, workspace } from 'vscode';
import type { Node } from '../../../client/views/node';
import {
  type Answer,
  answering,
  closeEditors,
  fileUri,
  messageOf,
  picking,
  press,
  theExtension,
  turningAway,
  until,
} from './support';

const settings = {
  live: { variable: 'REHEARSAL_TEST_DATABASE', role: 'production' },
  reports: { variable: 'REHEARSAL_TEST_DATABASE', role: 'production', readOnly: true },
  gone: { connection: 'postgres://me@localhost:1/gone', role: 'staging' },
};

const configure = (value: object | undefined): Thenable<void> =>
  workspace.getConfiguration('rehearsal').update('environments', value, ConfigurationTarget.Workspace);

describe('environments', () => {
  before(async () => {
    await theExtension();
    await configure(settings);
    await until('the environments', async () => ((await rows()).length === 3 ? true : undefined));
  });

  after(async () => {
    await configure(undefined);
    await closeEditors();
  });

  it('stand below the target of each project, with their roles, and unfold', async () => {
    const [live, reports, gone] = await rows();
    deepEqual(
      [live, reports, gone].map((it) => [it?.item.label, it?.item.contextValue]),
      [
        ['live', 'environment'],
        ['reports', 'environment.readOnly'],
        ['gone', 'environment'],
      ],
    );
    match(String(live?.item.description), /^production · test_\d+@/);
    const there = await rows(live?.node);
    deepEqual(
      there.map(({ item }) => item.label),
      ['2 pending', 'create_invoices', 'add_due_date'],
    );
    match(String(there[0]?.item.description), /PostgreSQL 18/);
    equal(there[1]?.item.command?.command, 'vscode.open');
    const [trouble, ...others] = await rows(gone?.node);
    match(JSON.stringify(trouble?.item.label), /Postgres does not answer/);
    equal(others.length, 0);
  });

  it('are rehearsed there, and nothing is applied without the name of the database', async () => {
    const [live] = await rows();
    const [told] = await answering([], () => commands.executeCommand('rehearsal.rehearseThere', live?.node));
    match(messageOf(told), /^2 migrations rehearsed for live, on .*schema of test_\d+@/);
    const asked = await answering([press, turningAway], () =>
      commands.executeCommand('rehearsal.applyThere', live?.node),
    );
    match(messageOf(asked[0]), /^Apply 2 migrations to live: test_\d+@/);
    equal(asked[1]?.dialog, 'showInputBox');
    match((asked[1].args[0] as { prompt: string }).prompt, /is in production\. Type its name/);
    equal((await rows(live?.node))[0]?.item.label, '2 pending');
  });

  it('are compared with the target of the editor', async () => {
    const [live] = await rows();
    const [, told] = await answering([picking('embedded'), turningAway], () =>
      commands.executeCommand('rehearsal.compareSchemas', live?.node),
    );
    match(messageOf(told), /and live have the same schema/);
  });

  it('get a script bundle, whose README is opened', async () => {
    const [, reports] = await rows();
    const out = fileUri('release');
    const here: Answer = () => out;
    await answering([here], () => commands.executeCommand('rehearsal.prepareBundle', reports?.node));
    ok(existsSync(join(out.fsPath, 'apply.sql')));
    match(window.activeTextEditor?.document.getText() ?? '', /^Script bundle: 2 migrations for test_\d+@/);
  });
});

/** Those of billing/migrations; of the first level without a parent. */
async function rows(parent?: Node): Promise<{ node: Node; item: TreeItem }[]> {
  const { trees } = await theExtension();
  const tree: TreeDataProvider<Node> = trees.databases;
  const nodes = (await tree.getChildren(parent)) ?? [];
  const ours = nodes.filter(
    (it) => parent !== undefined || (it.kind === 'environment' && it.project.folder.includes('billing')),
  );
  return Promise.all(ours.map(async (node) => ({ node, item: await tree.getTreeItem(node) })));
}
