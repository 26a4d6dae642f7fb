/** The extension comes up, with every command of its manifest, and finds the projects of the workspace. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { commands, extensions, workspace } from 'vscode';
import { State } from 'vscode-languageclient/node';
import { fileUri, theExtension, until } from './support';

describe('activation', () => {
  it('starts the language server', async () => {
    const { client } = await theExtension();
    equal(client.state, State.Running);
  });

  it('registers every command that the manifest promises', async () => {
    await theExtension();
    const manifest = extensions.getExtension('rehearsal.rehearsal')?.packageJSON as {
      contributes: { commands: { command: string }[] };
    };
    const known = new Set(await commands.getCommands(true));
    deepEqual(
      manifest.contributes.commands.filter(({ command }) => !known.has(command)),
      [],
    );
  });

  it('finds the projects, each with its tool and the embedded Postgres as its target', async () => {
    const { projects } = await theExtension();
    deepEqual(
      projects.current.map(({ layout, target }) => [layout, target.engine, target.local]),
      [
        ['golang-migrate', 'embedded', true],
        ['dbmate', 'embedded', true],
      ],
    );
    ok(projects.current.every(({ fault }) => fault === undefined));
  });

  it('sees a migration that somebody else puts into the folder, and that it goes', async () => {
    const { projects } = await theExtension();
    const uri = fileUri('billing/migrations/000009_from_elsewhere.up.sql');
    const listed = (): boolean =>
      projects.current.some(({ migrations }) => migrations.some((it) => it.title === 'from_elsewhere'));
    await workspace.fs.writeFile(uri, Buffer.from('select 1;\n'));
    await until('its row', () => listed() || undefined);
    await workspace.fs.delete(uri);
    await until('its row to go', () => !listed() || undefined);
  });

  it('comes back when the server process dies', async () => {
    const { client, projects } = await theExtension();
    const before = client.serverProcess;
    ok(before?.kill('SIGKILL'));
    await until('another server', () => (client.isRunning() && client.serverProcess !== before) || undefined);
    await projects.refresh();
    equal(projects.fault, undefined);
    equal(projects.current.length, 2);
  });
});
