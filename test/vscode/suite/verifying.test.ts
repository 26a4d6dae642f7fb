/** The Test Explorer lists each migration with its ways, and running one says whether its way back leads back. */
import { deepEqual, equal } from 'node:assert/strict';
import { CancellationTokenSource, commands, TestRunRequest } from 'vscode';
import type { VerifiedItem } from '../../../server/protocol/verify';
import { answering, fileUri, migrationIn, projectIn, theExtension, until } from './support';

describe('the test explorer', () => {
  before(theExtension);

  it('has each migration of each project, with up, down and both', async () => {
    const { verifications } = await theExtension();
    const { folder, migrations } = await projectIn('db/migrations');
    const root = await until('the project', () => verifications.controller.items.get(folder));
    equal(root.children.size, migrations.length);
    const parts: string[] = [];
    root.children.get(migrations[0]!.uri!)!.children.forEach(({ label }) => parts.push(label));
    deepEqual(parts, ['Up', 'Down', 'Up and down again']);
  });

  it('runs them, and says what came of it', async () => {
    const { verifications, client } = await theExtension();
    const { folder } = await projectIn('db/migrations');
    const { uri } = await migrationIn('db/migrations', 'create_customers');
    const item = verifications.controller.items.get(folder)!.children.get(uri!)!;
    const { token } = new CancellationTokenSource();
    await verifications.run(new TestRunRequest([item]), token);
    // The bundle of the extension has a class of its own for requests: here they go by name.
    const [told] = await client.sendRequest<VerifiedItem[]>('rehearsal/verify', { folder, uri: uri! });
    equal(told!.kind, 'exact');
  });

  it('a command says it, too, and it stands in the explorer', async () => {
    const { verifications } = await theExtension();
    const { controller } = verifications;
    const { createTestRun } = controller;
    const included: string[][] = [];
    controller.createTestRun = (request, ...others) => {
      included.push((request.include ?? []).map(({ label }) => label));
      return createTestRun.call(controller, request, ...others);
    };
    const uri = fileUri('db/migrations/20240105090000_create_customers.sql').toString();
    const asked = await answering([], () => commands.executeCommand('rehearsal.verifyDown', uri));
    controller.createTestRun = createTestRun;
    equal(String(asked[0]!.args[0]), 'The way back of 20240105090000 create_customers: exact');
    deepEqual(included, [['create_customers']]);
  });
});
