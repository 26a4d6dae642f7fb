/** The command line and a server that is silent: Ctrl-C ends the waiting at once, and people are told what for. */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { existsSync } from 'node:fs';
import * as is from '../support/cliShapes';
import { type Child, cliPath, ending, said, type Workspace, withWorkspace } from '../support/commandLine';
import { servers, withDatabase } from '../support/servers';
import { good } from '../support/shopFiles';
import { type Silence, withMute, withSilence } from '../support/silence';

const commands = [
  ['status'],
  ['check'],
  ['preview'],
  ['apply', '--yes'],
  ['revert', '--yes'],
  ['snapshot'],
  ['snapshots', 'list'],
  ['snapshots', 'delete', 'x', '--yes'],
  ['restore', 'x', '--yes'],
  ['repair'],
];

before(() => ok(existsSync(cliPath), 'npm run build makes dist/cli.js'));

/** Interrupts the command once it waits. It must not take the time that a silent server is given. */
async function interrupted(
  workspace: Workspace,
  { url, waitedFor }: Silence,
  words: readonly string[],
  mostMs: number,
  signal: NodeJS.Signals = 'SIGINT',
): Promise<void> {
  const child = workspace.start([...words, '--format', 'json', '--database', url]);
  const ended = ending(child);
  await Promise.race([waitedFor, ended]);
  const sent = performance.now();
  child.kill(signal);
  const { code, stdout, stderr } = await ended;
  const ms = performance.now() - sent;
  equal(code, 130, `${words.join(' ')}: ${stdout}${stderr}`);
  const value: unknown = JSON.parse(stdout);
  is.isError(value, words.join(' '));
  equal((value as { error: { code: string } }).error.code, 'cancelled');
  ok(ms < mostMs, `${words.join(' ')} took ${ms} ms`);
}

describe('the command line and a silent server', function () {
  this.timeout(240_000);
  before(function () {
    // There a signal ends the process without a word.
    if (process.platform === 'win32') this.skip();
  });

  for (const words of commands)
    it(`Ctrl-C ends the waiting of ${words.join(' ')}`, () =>
      withWorkspace(good, (workspace) => withMute((mute) => interrupted(workspace, mute, words, 2_500))));

  it('so does the end of the terminal or of the session', () =>
    withWorkspace(good, async (workspace) => {
      for (const signal of ['SIGTERM', 'SIGHUP'] as const)
        await withMute((mute) => interrupted(workspace, mute, ['status'], 2_500, signal));
    }));

  it('also when the server goes silent in the middle of a rehearsal on it', () =>
    withDatabase(servers.newest, (url) =>
      withWorkspace(good, (workspace) =>
        withSilence(url, 'create database', (silence) =>
          interrupted(workspace, silence, ['check', '--shadow', 'same-server'], 8_000),
        ),
      ),
    ));

  it('tells people what it waits for, and leaves the JSON of scripts alone', () =>
    withWorkspace(good, (workspace) =>
      withMute(async ({ url }) => {
        const [forScripts, forPeople] = [
          workspace.start(['status', '--format', 'json', '--database', url]),
          workspace.start(['status', '--database', url]),
        ] as [Child, Child];
        const scripts = ending(forScripts);
        // As long as the one waits, the other has waited as well.
        match(await said(forPeople.stderr, /\n/), /^Waiting for shop@127\.0\.0\.1:\d+…$/m);
        const people = ending(forPeople);
        for (const child of [forPeople, forScripts]) child.kill('SIGINT');
        const [{ stderr }, { code }] = await Promise.all([scripts, people]);
        deepEqual([code, stderr.includes('Waiting')], [130, false]);
      }),
    ));
});
