/** The extension comes up, with every command of its manifest, and finds the projects of the workspace. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { commands, extensions } from 'vscode';
import { State } from 'vscode-languageclient/node';
import { theExtension } from './support';

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
});
