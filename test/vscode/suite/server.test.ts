/** Choose a real Postgres server with a password, apply to it, and ask before others are disconnected. */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { Client } from 'pg';
import { CancellationTokenSource, commands, window, workspace } from 'vscode';
import {
  answering,
  fileUri,
  messageOf,
  picking,
  press,
  projectIn,
  statesIn,
  theExtension,
  turningAway,
  typing,
} from './support';

const folder = 'billing/migrations';
/** URL of an empty database on a server that asks for a password; its maker starts the server. */
const url = process.env['REHEARSAL_TEST_DATABASE'];

(url === undefined ? describe.skip : describe)('applying to a Postgres server', () => {
  const open = new URL(url ?? 'postgres://nobody@localhost/none');
  const { password } = open;

  before(theExtension);

  it('asks for the password when the server wants another one, and never shows it', async () => {
    const row = { kind: 'project', project: await projectIn(folder) };
    const wrong = Object.assign(new URL(open), { password: 'not-this-one' }).href;
    const asked = await answering(
      [picking('Enter Connection'), typing(wrong), typing(decodeURIComponent(password))],
      () => commands.executeCommand('rehearsal.chooseDatabase', row),
    );
    deepEqual(
      asked.map((it) => it.dialog),
      ['showQuickPick', 'showInputBox', 'showInputBox', 'showInformationMessage'],
    );
    ok((asked[2]!.args[0] as { password: boolean }).password);
    const { target } = await projectIn(folder);
    equal(target.engine, 'server');
    ok(target.local);
    match(target.server, /^PostgreSQL \d+/);
    const shown = JSON.stringify([target, asked.map((it) => it.args[0])]);
    ok(!shown.includes(password) && !shown.includes('not-this-one'));
  });

  it('a choice that cannot be reached changes nothing and offers to choose again', async () => {
    const row = { kind: 'project', project: await projectIn(folder) };
    const nowhere = 'postgres://nobody@127.0.0.1:1/none';
    const asked = await answering([picking('Enter Connection'), typing(nowhere), turningAway], () =>
      commands.executeCommand('rehearsal.chooseDatabase', row),
    );
    equal(asked.at(-1)!.dialog, 'showErrorMessage');
    equal(asked.at(-1)!.args[1], 'Choose Database…');
    equal((await projectIn(folder)).target.label, row.project.target.label);
  });

  it('applies all that is pending, and the server has it', async () => {
    const row = { kind: 'project', project: await projectIn(folder) };
    await answering([press], () => commands.executeCommand('rehearsal.applyAllPending', row));
    deepEqual(await statesIn(folder), ['applied', 'applied']);
    await withClient(async (client) => {
      deepEqual((await client.query('select version, dirty from schema_migrations')).rows, [
        { version: '2', dirty: false },
      ]);
      await client.query('select due from invoices');
    });
  });

  it('lists the sessions that stand in the way and disconnects them only when told to', async () => {
    const row = { kind: 'project', project: await projectIn(folder) };
    await withClient(async (other) => {
      const ended = new Promise((resolve) => other.once('error', resolve));
      const refused = await answering([turningAway], () => commands.executeCommand('rehearsal.snapshotNow', row));
      match(messageOf(refused[0]), /^Somebody else is connected to /);
      match((refused[0]!.args[1] as { detail: string }).detail, /rehearsal-test/);
      await other.query('select 1');
      const asked = await answering([press], () => commands.executeCommand('rehearsal.snapshotNow', row));
      match(messageOf(asked.at(-1)), /^Took a snapshot of /);
      match(String(await ended), /terminat|administrator/);
    });
  });

  it('a cancelled apply takes back what it was about to do, and says how the database stands', async () => {
    const slow = fileUri(`${folder}/000003_slow.up.sql`);
    await workspace.fs.writeFile(slow, Buffer.from('alter table invoices add paid date;\nselect pg_sleep(600);\n'));
    const row = { kind: 'project', project: await projectIn(folder) };
    const asked = await answering([press, turningAway], () =>
      cancellingAt(/statement 2/, () => commands.executeCommand('rehearsal.applyAllPending', row)),
    );
    match(messageOf(asked[1]), /^Cancelled\. /);
    deepEqual(await statesIn(folder), ['applied', 'applied', 'pending']);
    await withClient(async (client) => {
      const columns = await client.query(`select from information_schema.columns where column_name = 'paid'`);
      equal(columns.rowCount, 0);
    });
    await workspace.fs.delete(slow);
  });

  it('reverts the last one on the server', async () => {
    const row = { kind: 'project', project: await projectIn(folder) };
    await answering([press], () => commands.executeCommand('rehearsal.revertLast', row));
    deepEqual(await statesIn(folder), ['applied', 'pending']);
  });

  it('goes back to the embedded Postgres', async () => {
    const row = { kind: 'project', project: await projectIn(folder) };
    await answering([picking('Embedded')], () => commands.executeCommand('rehearsal.chooseDatabase', row));
    equal((await projectIn(folder)).target.engine, 'embedded');
  });
});

/** Presses Cancel in the progress notification when its message is this one. */
async function cancellingAt(message: RegExp, use: () => PromiseLike<unknown>): Promise<void> {
  const open = window as { withProgress: typeof window.withProgress };
  const original = open.withProgress;
  open.withProgress = (_, task) => {
    const cancellation = new CancellationTokenSource();
    const report = (step: { message?: string }): void => {
      if (message.test(step.message ?? '')) cancellation.cancel();
    };
    return task({ report }, cancellation.token);
  };
  try {
    await use();
  } finally {
    open.withProgress = original;
  }
}

async function withClient(use: (client: Client) => Promise<void>): Promise<void> {
  const client = new Client({ connectionString: url!, application_name: 'rehearsal-test' });
  client.on('error', () => undefined);
  await client.connect();
  try {
    await use(client);
  } finally {
    await client.end();
  }
}
