/** The command line on a terminal: it asks, and shows colours. `script` of util-linux plays the terminal. */
import { equal, match, ok } from 'node:assert/strict';
import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cliPath, said, type Workspace, withWorkspace } from '../support/commandLine';
import { good, withMistake } from '../support/shopFiles';

const available = process.platform === 'linux' && spawnSync('script', ['--version']).status === 0;

/** Types the answer once the question stands there. @returns what the terminal showed after it, and the exit code */
async function asked(workspace: Workspace, words: readonly string[], question: RegExp, answer: string) {
  const child = onTerminal(workspace, words);
  await said(child.stdout, question);
  child.stdin.write(answer);
  return ended(child);
}

function onTerminal({ folder, environment }: Workspace, words: readonly string[], more: Record<string, string> = {}) {
  const command = [process.execPath, cliPath, ...words].map((it) => `'${it}'`).join(' ');
  return spawn('script', ['--quiet', '--flush', '--return', '--command', command, '/dev/null'], {
    cwd: folder,
    env: { ...environment, SHELL: '/bin/sh', TERM: 'xterm-256color', ...more },
  });
}

async function ended(
  child: ChildProcessWithoutNullStreams,
): Promise<{ readonly shown: string; readonly code: unknown }> {
  let shown = '';
  child.stdout.on('data', (chunk) => {
    shown += String(chunk);
  });
  const [code] = await once(child, 'close');
  return { shown, code };
}

describe('the command line on a terminal', function () {
  this.timeout(240_000);
  before(function () {
    if (!available) this.skip();
  });

  it('asks before it applies, and does nothing without a yes', () =>
    withWorkspace(good, async (workspace) => {
      const words = ['apply', '--no-rehearsal', '--embedded'];
      const question = /Apply 3 migrations to .*\? \[y\/N\] /;
      for (const answer of ['n\n', '\n', '\x04']) {
        const { shown, code } = await asked(workspace, words, question, answer);
        equal(code, 1, JSON.stringify(answer));
        match(shown, /Nothing was changed/);
      }
      const interrupted = await asked(workspace, words, question, '\x03');
      equal(interrupted.code, 130);
      const applied = await asked(workspace, ['apply', '--embedded'], question, 'y\n');
      equal(applied.code, 0, applied.shown);
      match(applied.shown, /Applied 3 migrations/);
    }));

  it('asks before it deletes a snapshot, and says which', () =>
    withWorkspace(good, async (workspace) => {
      await workspace.run('snapshot', 'of the evening', '--embedded');
      const words = ['snapshots', 'delete', 'snapshot', '--embedded'];
      const question = /Delete the snapshot of embedded Postgres of .* \(of the evening\)\? It cannot .*\[y\/N\] /;
      equal((await asked(workspace, words, question, '\n')).code, 1);
      equal((await asked(workspace, words, question, '\x03')).code, 130);
      match((await workspace.run('snapshots', 'list', '--embedded')).stdout, /of the evening/);
      const { shown, code } = await asked(workspace, words, question, 'y\n');
      equal(code, 0, shown);
      match(shown, /Deleted snapshot/);
    }));

  it('shows colours, and none when told so', () =>
    withWorkspace(withMistake, async (workspace) => {
      const words = ['check', '--embedded', '--shadow', 'embedded'];
      const colours = await ended(onTerminal(workspace, words));
      equal(colours.code, 1);
      ok(colours.shown.includes('\x1b[31m'), colours.shown);
      const none = await ended(onTerminal(workspace, words, { NO_COLOR: '1' }));
      ok(!none.shown.includes('\x1b[31m'), none.shown);
    }));
});
