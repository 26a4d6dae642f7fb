/** A migration is rewritten on the command line, and one that is not idempotent is refused where that is demanded. */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { cliPath, withWorkspace } from '../support/commandLine';

before(() => ok(existsSync(cliPath), 'npm run build makes dist/cli.js'));

const files = {
  'migrations/001_a.sql': '\uFEFFcreate table a (n int); -- a\r\n',
  'migrations/002_b.sql': 'update a set n = n + 1;\n',
  'migrations/003_c.sql': 'select 1;\n',
};

interface Told {
  readonly verdict: string;
  readonly written: boolean;
  readonly left: readonly { readonly line: number; readonly message: string }[];
}

describe('rehearsal make-idempotent', function () {
  this.timeout(300_000);

  it('shows what would be written, and writes it, byte order mark and line ends and all', () =>
    withWorkspace(files, async ({ run, json, path: at }) => {
      const path = 'migrations/001_a.sql';
      const shown = await run('make-idempotent', path, '--embedded');
      equal(shown.code, 0, shown.stderr);
      match(shown.stdout, /^\+create table if not exists a \(n int\); -- a$/m);
      match(shown.stdout, /run twice it changes nothing more\.\nNothing is written: add --write\.\n$/);
      equal(readFileSync(at(path), 'utf8'), files[path]);
      const written = await json('make-idempotent', path, '--embedded', '--write');
      const { verdict, written: isWritten } = written.value as Told;
      deepEqual([written.code, verdict, isWritten], [0, 'rewritten', true]);
      equal(readFileSync(at(path), 'utf8'), '\uFEFFcreate table if not exists a (n int); -- a\r\n');
    }));

  it('says of one that is applied that it would count as edited', () =>
    withWorkspace(files, async ({ run }) => {
      equal((await run('apply', '--embedded', '--up-to', '001', '--yes', '--no-rehearsal')).code, 0);
      const { stdout, stderr } = await run('make-idempotent', 'migrations/001_a.sql', '--embedded');
      match(stdout, /Nothing is written: add --write\.\n$/);
      match(stderr, /has it already: rewritten, it counts as edited since\.\n$/);
    }));

  it('says what is left, and why', () =>
    withWorkspace(files, async ({ run }) => {
      const { code, stdout } = await run('make-idempotent', 'migrations/002_b.sql', '--embedded', '--write');
      equal(code, 1);
      match(stdout, /^migrations\/002_b\.sql:1:1 It makes new values of the old ones, and would do so each time\.$/m);
      equal((await run('make-idempotent', '--embedded')).code, 2);
    }));

  it('is what check demands where it is told to', () =>
    withWorkspace(files, async ({ run }) => {
      equal((await run('check', '--embedded')).code, 0);
      const { code, stdout } = await run('check', '--embedded', '--require-idempotent');
      equal(code, 1);
      match(stdout, /not-idempotent/);
      match(stdout, /2 errors/);
    }));
});
