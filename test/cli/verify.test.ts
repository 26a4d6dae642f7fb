/** Down scripts are tried from the command line: what is said, what a pipeline hears, what is written. */
import { deepEqual, doesNotMatch, equal, match, ok } from 'node:assert/strict';
import { existsSync, readFileSync, symlinkSync } from 'node:fs';
import { cliPath, withWorkspace } from '../support/commandLine';
import { servers, withDatabase } from '../support/servers';

before(() => ok(existsSync(cliPath), 'npm run build makes dist/cli.js'));

const files = {
  'migrations/1_a.up.sql': 'create table a (id int primary key, note text);',
  'migrations/1_a.down.sql': 'drop table a;',
  'migrations/2_b.up.sql': 'alter table a drop column note;',
  'migrations/2_b.down.sql': 'alter table a add column note text;',
};

interface Told {
  readonly projects: readonly { readonly migrations: readonly { readonly verdict: { readonly kind: string } }[] }[];
}

const kinds = (value: unknown): string[] =>
  (value as Told).projects.flatMap(({ migrations }) => migrations.map(({ verdict }) => verdict.kind));

describe('rehearsal verify', function () {
  this.timeout(240_000);

  it('says what each down script comes to, and lets pass what is allowed', () =>
    withDatabase(servers.newest, (url) =>
      withWorkspace(
        files,
        async ({ run, json, write }) => {
          const told = await run('verify');
          equal(told.code, 1, told.stderr);
          match(told.stdout, /^1 a: exact \(/m);
          match(told.stdout, /^2 b: exact schema but loses data \(.*\)\n {2}public\.a\.note: 3 values gone$/m);
          match(told.stdout, /^2 migrations tried on .*: 1 exact, 1 exact schema but loses data$/m);
          const allowed = await json('verify', '--allow-losses');
          equal(allowed.code, 0);
          deepEqual(kinds(allowed.value), ['exact', 'loses']);
          write('migrations/2_b.down.sql', 'alter table nowhere add column note text;');
          const failed = await run('verify', '--allow-losses', '--allow-missing');
          equal(failed.code, 1);
          match(
            failed.stdout,
            /^2 b: fails \(.*\)\n {2}migrations\/2_b\.down\.sql:1: relation "nowhere" does not exist \(42P01\)$/m,
          );
        },
        { DATABASE_URL: url },
      ),
    ));

  it('writes a down script where there is none', () =>
    withDatabase(servers.newest, (url) =>
      withWorkspace(
        { ...files, 'migrations/3_c.up.sql': 'create index on a (id);' },
        async ({ run, path }) => {
          const missing = await run('verify', 'migrations/3_c.up.sql');
          equal(missing.code, 1, missing.stderr);
          match(missing.stdout, /^3 c: missing \(/m);
          match(missing.stderr, /Add --write to have a way back found/);
          equal((await run('verify', '--allow-missing', 'migrations/3_c.up.sql')).code, 0);
          const written = await run('verify', '--write', 'migrations/3_c.up.sql');
          deepEqual([written.code, /tried on .*: 1 written$/m.test(written.stdout)], [0, true], written.stdout);
          match(
            written.stdout,
            /This way back was tried: exact, as migrations\/3_c\.down\.sql:\n {4}DROP INDEX public\.a_id_idx;$/m,
          );
          equal(readFileSync(path('migrations/3_c.down.sql'), 'utf8'), 'DROP INDEX public.a_id_idx;\n');
          equal((await run('verify', 'migrations/3_c.up.sql')).code, 0);
        },
        { DATABASE_URL: url },
      ),
    ));

  it('writes into the file of an applied migration, which is not edited by that', () => {
    const file = 'db/migrations/1_a.sql';
    return withDatabase(servers.newest, (url) =>
      withWorkspace(
        { [file]: '-- migrate:up\ncreate table a (id int);\n-- migrate:down\n' },
        async ({ run, path, write }) => {
          const applied = await run('apply', '--yes', '--no-snapshot', '--no-rehearsal');
          equal(applied.code, 0, applied.stderr);
          const { code, stderr } = await run('verify', '--write', '--all');
          deepEqual([code, /1_a\.sql is written\. It is applied already/.test(stderr)], [0, true], stderr);
          const text = readFileSync(path(file), 'utf8');
          match(text, /-- migrate:down\nDROP TABLE/);
          match((await run('status')).stdout, /applied/);
          doesNotMatch((await run('status')).stdout, /edited/);
          write(file, text.replace('id int', 'id bigint'));
          match((await run('status')).stdout, /edited/);
        },
        { DATABASE_URL: url },
      ),
    );
  });

  it('writes to no file that a link leads to, and leaves the link', function () {
    if (process.platform === 'win32') this.skip();
    return withDatabase(servers.newest, (url) =>
      withWorkspace(
        { ...files, 'migrations/3_c.up.sql': 'create index on a (id);', 'elsewhere.sql': 'select 1;' },
        async ({ run, path }) => {
          symlinkSync('../elsewhere.sql', path('migrations/3_c.down.sql'));
          const { code, stderr } = await run('verify', '--write', 'migrations/3_c.up.sql');
          equal(code, 2);
          match(stderr, /3_c\.down\.sql is a symbolic link to \.\.\/elsewhere\.sql/);
          equal(readFileSync(path('migrations/3_c.down.sql'), 'utf8'), 'select 1;');
        },
        { DATABASE_URL: url },
      ),
    );
  });
});
