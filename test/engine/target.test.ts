/** Which database the migrations are for, and how it is reached: what libpq's users know works all the way. */
import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startServer } from '../../server/engine/shadow/privateServer';
import { withFolder } from '../support/files';
import { asAdmin, binariesOf, serverOf, servers, withDatabase } from '../support/servers';
import { briefly, checked, on, projectOf, withWorkspace } from './support';

const { newest } = servers;
const migrations = {
  'db/migrations/20260101000000_users.sql':
    '-- migrate:up\ncreate table users (id int);\n-- migrate:down\ndrop table users;\n',
};
const url = (name: string) => `postgres://somebody:secret@db.example.org:5433/${name}`;

describe('the target', () => {
  it('is the embedded engine when nothing is named', () =>
    withWorkspace(migrations, async ({ engine }) => {
      const { target } = await projectOf(engine());
      deepEqual(
        { ...target, id: '' },
        {
          id: '',
          label: 'embedded Postgres of project',
          name: 'project',
          local: true,
          engine: 'embedded',
          because: 'no database is configured',
        },
      );
    }));

  it('is DATABASE_URL of a .env file, the nearest one first', () =>
    withWorkspace(
      { ...migrations, '.env': `DATABASE_URL=${url('outer')}`, 'db/.env': `OTHER=1\nDATABASE_URL="${url('inner')}"` },
      async ({ engine }) => {
        const { target } = await projectOf(engine());
        equal(target.label, 'inner@db.example.org:5433');
        equal(target.because, 'DATABASE_URL in .env');
        equal(target.local, false);
      },
    ));

  it('is DATABASE_URL of the environment before any file, also when another variable names it first', () =>
    withWorkspace(
      { ...migrations, '.env': `POSTGRES_URL=${url('theirs')}\nDATABASE_URL=${url('outer')}` },
      async ({ engine }) => {
        equal((await projectOf(engine())).target.because, 'DATABASE_URL in the environment');
        equal((await projectOf(engine({}, { environment: { POSTGRES_URL: url('outer') } }))).target.name, 'outer');
      },
      { DATABASE_URL: url('first') },
    ));

  it('is what the user chose before all that, with the password of the workspace', () =>
    withWorkspace({ ...migrations, '.env': `DATABASE_URL=${url('outer')}` }, async ({ engine }) => {
      const [candidate] = (await projectOf(engine())).candidates();
      deepEqual(candidate, {
        label: 'outer@db.example.org:5433',
        source: 'DATABASE_URL in .env',
        local: false,
        choice: { kind: 'server', connection: 'postgres://somebody@db.example.org:5433/outer', password: 'secret' },
      });
      const chosen = await projectOf(engine({ target: on('host=localhost dbname=mine user=me') }));
      equal(chosen.target.label, 'mine@localhost:5432');
      equal(chosen.target.because, 'it was chosen');
      const embedded = await projectOf(engine({ target: () => ({ kind: 'embedded' }) }));
      equal(embedded.target.engine, 'embedded');
    }));

  it('is what the configuration of the tool names, where no variable does', () =>
    withWorkspace(
      {
        'src/main/resources/db/migration/V1__a.sql': 'create table a ();',
        'src/main/resources/application.properties':
          'spring.datasource.url=jdbc:postgresql://db.example.org:5433/shop\nspring.datasource.username=ada\nspring.datasource.password=secret\n',
      },
      async ({ engine, write }) => {
        const project = await projectOf(engine());
        equal(project.target.label, 'shop@db.example.org:5433');
        equal(project.target.because, 'spring.datasource.url in application.properties');
        const connection = 'postgresql://db.example.org:5433/shop?user=ada';
        deepEqual(
          project.candidates().map(({ choice }) => choice),
          [{ kind: 'server', connection, password: 'secret' }],
        );
        write('.env', `DATABASE_URL=${url('outer')}`);
        equal((await projectOf(engine())).target.name, 'outer');
      },
    ));

  it('is none rather than another one when DATABASE_URL cannot be read', () =>
    withWorkspace({ ...migrations, '.env': 'DATABASE_URL=postgres://me:pass%word@localhost/x' }, async ({ engine }) => {
      await rejects((await projectOf(engine())).status(), (fault: Error) => {
        equal('code' in fault && fault.code, 'bad-connection-settings');
        match(fault.message, /DATABASE_URL in \.env: a percent sign in a URL is written %25/);
        ok(!fault.message.includes('pass%word'));
        return true;
      });
      equal((await projectOf(engine({ target: () => ({ kind: 'embedded' }) }))).target.engine, 'embedded');
    }));

  it('that cannot be read, and a folder that is not there, hold up no other project', () => {
    const text = Object.values(migrations).join('');
    return withWorkspace(
      {
        'one/migrations/20260101000000_users.sql': text,
        'one/.env': 'DATABASE_URL=postgres://me:pass%word@localhost/x',
        'two/migrations/20260101000000_users.sql': text,
      },
      async ({ engine, path }) => {
        const folders = ['one/migrations', 'nowhere', 'two/migrations'].map(path);
        const [one, two, ...others] = await engine({ folders }).projects();
        equal(others.length, 0);
        equal(one?.folder.migrations.length, 1);
        equal(one?.target.label, 'unreadable connection settings');
        await rejects(async () => one?.status(), { code: 'bad-connection-settings' });
        equal((await two?.status())?.migrations.length, 1);
        await rejects(engine({ folders: [path('nowhere')] }).projects(), { code: 'no-migrations' });
      },
    );
  });

  it('is the embedded engine when DATABASE_URL is of another kind of database', () =>
    withWorkspace({ ...migrations, '.env': 'DATABASE_URL=mysql://root@localhost/x' }, async ({ engine }) => {
      equal((await projectOf(engine())).target.engine, 'embedded');
    }));

  it('is each folder its own', () =>
    withWorkspace(
      {
        'a/migrations/1_x.sql': 'select 1;',
        'a/.env': `DATABASE_URL=${url('a')}`,
        'ab/migrations/1_x.sql': 'select 1;',
      },
      async ({ engine, path, root }) => {
        const targets = async (roots: readonly string[]) =>
          (await engine({ roots }).projects()).map(({ target }) => target.label).toSorted();
        deepEqual(await targets([root]), ['a@db.example.org:5433', 'embedded Postgres of project']);
        deepEqual(await targets([path('a'), path('ab')]), ['a@db.example.org:5433', 'embedded Postgres of ab']);
      },
    ));

  it('is asked with the new password once that was corrected', () =>
    withDatabase(newest, (good) =>
      withWorkspace(
        { ...migrations, '.env': `DATABASE_URL=${good.replace(/:[^:@]+@/, ':wrong@')}` },
        async ({ engine, write }) => {
          const same = engine({ shadow: 'same-server' });
          await rejects((await projectOf(same)).status(), { code: 'wrong-password' });
          write('.env', `DATABASE_URL=${good}`);
          equal((await (await projectOf(same)).status()).migrations[0]?.state, 'pending');
        },
      ),
    ));
});

/** A check needs a session to look, one to dump, and one for the version: all must get in. */
async function checkOver(connection: string, environment: Readonly<Record<string, string>> = {}): Promise<void> {
  await withWorkspace(
    migrations,
    async ({ engine }) => {
      for (const shadow of ['private', 'same-server'] as const) {
        const project = await projectOf(engine({ target: on(connection), shadow, binaries: [binariesOf(newest)] }));
        const check = await checked(project);
        equal(check.place, shadow);
        deepEqual(briefly(check), []);
      }
    },
    environment,
  );
}

describe('a whole check reaches its target', () => {
  it('with the password of a password file', () =>
    withFolder(async (folder) => {
      const { host, port, user, password } = await serverOf(newest);
      const file = join(folder, 'pgpass');
      writeFileSync(
        file,
        `# mine\n*:*:other:*:wrong\n${host}:${port}:*:${user}:${password.replaceAll(/[\\:]/g, '\\$&')}\n`,
        { mode: 0o600 },
      );
      await checkOver(`host=${host} port=${port} user=${user} dbname=postgres passfile='${file}'`);
      chmodSync(file, 0o644);
      if (process.platform === 'win32') return;
      await rejects(
        checkOver('', { PGHOST: host, PGPORT: String(port), PGUSER: user, PGDATABASE: 'postgres', PGPASSFILE: file }),
        { code: 'wrong-password' },
      );
    }));

  it('by a service of the service file, and the variables of libpq', () =>
    withFolder(async (folder) => {
      const { host, port, user, password } = await serverOf(newest);
      const file = join(folder, 'services');
      writeFileSync(
        file,
        `[other]\nhost=nowhere\n\n[shop]\nhost=${host}\nport=${port}\nuser=${user}\ndbname=postgres\n`,
      );
      await checkOver('service=shop', { PGSERVICEFILE: file, PGPASSWORD: password });
    }));

  it('over TLS with a certificate of the own authority, and SCRAM', async function () {
    if (!hasOpenssl()) return this.skip();
    await withFolder(async (folder) => {
      const { key, certificate } = selfSigned(folder);
      const server = await startServer({
        binaries: binariesOf(newest),
        tcp: true,
        settings: { ssl: 'on', ssl_key_file: key, ssl_cert_file: certificate, listen_addresses: 'localhost' },
        hba: ['local all all scram-sha-256', 'hostssl all all all scram-sha-256', 'hostnossl all all all reject'],
      });
      try {
        const base = `postgres://${server.user}:${server.password}@localhost:${server.port}/postgres`;
        await checkOver(`${base}?sslmode=verify-full&sslrootcert=${encodeURIComponent(certificate)}`);
        await checkOver(`${base}?sslmode=require&channel_binding=require`);
        await checkOver(base);
        await rejects(checkOver(`${base}?sslmode=disable`), /no (?:pg_hba.conf entry|encryption)|rejects connection/);
        await rejects(
          checkOver(
            `${base.replace('localhost', '127.0.0.1')}?sslmode=verify-full&sslrootcert=${encodeURIComponent(certificate)}`,
          ),
          { code: 'no-tls' },
        );
      } finally {
        await server.stop();
      }
    });
  });

  it('through a Unix socket', async function () {
    if (process.platform === 'win32') return this.skip();
    const server = await startServer({ binaries: binariesOf(newest) });
    try {
      await checkOver(
        `postgres://${server.user}:${server.password}@/postgres?host=${encodeURIComponent(server.folder)}`,
      );
    } finally {
      await server.stop();
    }
  });

  it('with settings of the URL, which scripts then find in force', () =>
    withDatabase(newest, async (connection) => {
      const files = { 'migrations/000001_x.up.sql': 'create table t (id int);\nselect * from app.t;' };
      await asAdmin({ ...(await serverOf(newest)), url: () => connection }, 'create schema app');
      await withWorkspace(files, async ({ engine }) => {
        for (const shadow of ['private', 'same-server', 'embedded'] as const) {
          const target = on(`${connection}?search_path=app`);
          const project = await projectOf(engine({ target, shadow, binaries: [binariesOf(newest)] }));
          deepEqual(briefly(await checked(project)), [], shadow);
        }
      });
    }));
});

function hasOpenssl(): boolean {
  try {
    execFileSync('openssl', ['version']);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error) return false;
    throw error;
  }
}

/** The key belongs to the user that the server runs as. */
function selfSigned(folder: string): { key: string; certificate: string } {
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-days', '2'];
  execFileSync(
    'openssl',
    ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', certificate, ...subject],
    { stdio: 'ignore' },
  );
  chmodSync(folder, 0o755);
  chmodSync(key, 0o600);
  if (process.getuid?.() === 0) for (const file of [key, certificate]) chownSync(file, 65534, 65534);
  return { key, certificate };
}
