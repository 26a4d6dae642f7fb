/** What the world does wrong: each has a message that says what happened and what to do, and the engine goes on working. */
import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Fault } from '../../server/engine/base/fault';
import { type PrivateServer, startServer } from '../../server/engine/shadow/privateServer';
import { foldersOf, withRoles } from '../shadow/support';
import { until } from '../support/killable';
import { binariesOf, serverOf, servers, withDatabase } from '../support/servers';
import { withSession } from '../support/session';
import { briefly, checked, never, on, projectOf, withWorkspace } from './support';

const { newest } = servers;
const file = 'migrations/000001_x.up.sql';
const files = { [file]: 'create table t (id int);\nselect nope from t;' };
const refused = ['42703 column "nope" does not exist'];

async function faultOf(work: Promise<unknown>): Promise<Fault> {
  try {
    await work;
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
  throw new Error('it went well');
}

/** A whole sentence about what happened, and one about what to do. */
function demandWords({ message }: Fault, happened: RegExp, remedy: RegExp): void {
  match(message, happened);
  match(message, remedy);
  ok(!/undefined|\[object|Error:/.test(message), message);
}

describe('bad input', () => {
  it('a server that is not there', () =>
    withWorkspace(files, async ({ engine }) => {
      const project = await projectOf(engine({ target: on('postgres://me:secret@127.0.0.1:1/shop') }));
      for (const work of [() => project.status(), () => checked(project), () => project.preview('pending', never)]) {
        const fault = await faultOf(work());
        equal(fault.code, 'no-server');
        demandWords(fault, /127\.0\.0\.1:1/, /Start the server or choose another database\./);
        ok(!fault.message.includes('secret'));
      }
    }));

  it('a wrong password', async () => {
    const { host, port, user } = await serverOf(newest);
    await withWorkspace(files, async ({ engine }) => {
      const project = await projectOf(engine({ target: on(`postgres://${user}:guessed@${host}:${port}/postgres`) }));
      const fault = await faultOf(project.status());
      equal(fault.code, 'wrong-password');
      demandWords(fault, /refused the login/, /Check the user and the password/);
      ok(!fault.message.includes('guessed'));
    });
  });

  it('no right to create databases', () =>
    withRoles(newest, { reader: '' }, ({ host, port, password }) =>
      withDatabase(newest, (url) =>
        withWorkspace(files, async ({ engine, log }) => {
          const target = on(`postgres://reader:${password}@${host}:${port}${new URL(url).pathname}`);
          const fault = await faultOf(checked(await projectOf(engine({ target, shadow: 'same-server' }))));
          equal(fault.code, 'no-right');
          demandWords(fault, /reader may not create databases/, /Ask for the right or choose another role/);
          // Nobody has to have it: without wishes the next place is taken.
          const check = await checked(await projectOf(engine({ target, binaries: [binariesOf(newest)] })));
          equal(check.place, 'private');
          deepEqual(briefly(check), ['42501 permission denied for schema public', '42P01 relation "t" does not exist']);
          deepEqual(
            log.filter((line) => line.includes('lacks')),
            [],
          );
        }),
      ),
    ));

  it('no right to read what is in the database', () =>
    withRoles(newest, { reader: 'login createdb' }, ({ host, port, password }) =>
      withDatabase(newest, (url) =>
        withWorkspace(files, async ({ engine }) => {
          await withSession(url, (session) => session.run('create table closed ()'));
          const target = on(`postgres://reader:${password}@${host}:${port}${new URL(url).pathname}`);
          const fault = await faultOf(checked(await projectOf(engine({ target, shadow: 'same-server' }))));
          equal(fault.code, 'no-right');
          demandWords(fault, /permission denied for table closed/, /Ask for the right or choose another role/);
        }),
      ),
    ));

  it('a folder of our own that cannot be written', async function () {
    const mounted = mount('ro');
    if (!mounted) return this.skip();
    try {
      await withDatabase(newest, (url) =>
        withWorkspace(files, async ({ engine, log }) => {
          const project = await projectOf(
            engine({ target: on(url), shadow: 'same-server' }, { storage: mounted.folder }),
          );
          deepEqual(briefly(await checked(project)), refused);
          equal((await project.status()).migrations.length, 1);
          const fault = await faultOf(
            project.apply({ which: 'all', snapshot: false, disconnect: false }, () => {}, never),
          );
          equal(fault.code, 'not-writable');
          demandWords(fault, /EROFS/, /Check its path and its permissions/);
          deepEqual(
            (await project.status()).migrations.map(({ state }) => state),
            ['pending'],
          );
          ok(!log.some((line) => line.includes('undefined')));
        }),
      );
    } finally {
      mounted.end();
    }
  });

  const marked: readonly [string, string, string | undefined][] = [
    ['migrations/1_a.up.sql', 'create table a ();\n', 'sends it to Postgres'],
    ['migrations/1_a.sql', '-- migrate:up\ncreate table a ();\n-- migrate:down\n', 'before "-- migrate:up"'],
    ['migrations/1_a.sql', '-- +goose Up\ncreate table a ();\n', 'before "-- +goose Up"'],
    ['migrations/001_a.sql', 'create table a ();\n', undefined],
  ];
  for (const [name, text, says] of marked) {
    it(`a byte order mark in ${name}: ${text.split('\n', 1)[0]}`, () =>
      withWorkspace({ [name]: `\uFEFF${text}` }, async ({ engine }) => {
        const project = await projectOf(engine());
        const { findings } = await checked(project);
        deepEqual(
          findings
            .filter(({ severity }) => severity === 'error')
            .map(({ code, message }) => [code, message.includes(says!)]),
          says === undefined ? [] : [['byte-order-mark', true]],
        );
        const applying = project.apply({ which: 'all', snapshot: false, disconnect: false }, () => {}, never);
        if (says === undefined) equal((await applying).kind, 'done');
        else equal((await faultOf(applying)).code, 'bad-migration');
      }));
  }

  it('a full disk', async function () {
    const mounted = mount('size=1m');
    if (!mounted) return this.skip();
    try {
      await withWorkspace({ [file]: 'create table t (id int);' }, async ({ engine }) => {
        const project = await projectOf(engine({}, { storage: mounted.folder }));
        deepEqual(briefly(await checked(project)), []);
        const fault = await faultOf(
          project.apply({ which: 'all', snapshot: false, disconnect: false }, () => {}, never),
        );
        equal(fault.code, 'disk-full');
        demandWords(fault, /could not be written/, /Free some space and try again/);
        deepEqual(
          (await project.status()).migrations.map(({ state }) => state),
          ['pending'],
        );
      });
    } finally {
      mounted.end();
    }
  });

  it('a migration of ten megabytes', () =>
    withDatabase(newest, (url) =>
      withWorkspace(files, async ({ engine, write, path }) => {
        const row = `(${'1, '.repeat(3)}'${'x'.repeat(80)}')`;
        const insert = `insert into wide values\n${Array.from({ length: 1_000 }, () => row).join(',\n')};\n`;
        const text = `create table wide (a int, b int, c int, d text);\n${insert.repeat(110)}select nope from wide;\n`;
        ok(text.length > 10_000_000);
        write(file, text);
        const project = await projectOf(engine({ target: on(url), shadow: 'same-server', statementMs: 60_000 }));
        const { findings } = await checked(project, [path(file)]);
        deepEqual(briefly({ findings }), refused);
        equal(text.slice(findings[0]?.range.start, findings[0]?.range.end), 'nope');
      }),
    )).timeout(120_000);

  it('a file that is no text', () =>
    withDatabase(newest, (url) =>
      withWorkspace(
        { ...files, 'migrations/000003_z.up.sql': 'select nope from t;' },
        async ({ engine, write, path }) => {
          write('migrations/000002_y.up.sql', Buffer.from([0x73, 0x65, 0xff, 0xfe, 0x00]));
          const project = await projectOf(engine({ target: on(url), shadow: 'same-server' }));
          deepEqual(
            (await project.status()).migrations.map(({ state }) => state),
            ['pending', 'pending', 'pending'],
          );
          const { files: told } = await checked(project);
          deepEqual(
            told.map((it) => briefly(it).map((words) => words.split(' ')[0])),
            [['42703'], ['not-readable'], ['42703']],
          );
          match(told[1]?.findings[0]?.message ?? '', /000002_y\.up\.sql: it is no UTF-8 text/);
          // Whether it is wrong, who knows: the file in between may make it right.
          deepEqual(
            told.flatMap(({ findings }) => findings.map(({ severity }) => severity)),
            ['error', 'error', 'hint'],
          );
          deepEqual(told[2]?.findings[0]?.consequenceOf?.path, path('migrations/000002_y.up.sql'));
          await rejects(
            project.apply({ which: 'all', snapshot: false, disconnect: false }, () => {}, never),
            { code: 'not-readable' },
          );
          rmSync(path('migrations/000002_y.up.sql'));
        },
      ),
    ));

  it('a folder of migrations that disappears', () =>
    withDatabase(newest, (url) =>
      withWorkspace(files, async ({ engine, path, write }) => {
        const same = engine({ target: on(url), shadow: 'same-server' });
        const project = await projectOf(same);
        deepEqual(briefly(await checked(project)), refused);
        rmSync(path('migrations'), { recursive: true });
        deepEqual((await checked(project)).files, []);
        deepEqual((await project.status()).migrations, []);
        deepEqual(await same.projects(), []);
        await rejects(engine({ folders: [path('migrations')] }).projects(), { code: 'no-migrations' });
        write(file, files[file] ?? '');
        deepEqual(briefly(await checked(await projectOf(same))), refused);
      }),
    ));

  it('a folder in the place of a file', () =>
    withWorkspace(files, async ({ engine, path }) => {
      const project = await projectOf(engine());
      rmSync(path(file));
      mkdirSync(path(file));
      const { findings } = await checked(project);
      deepEqual(
        findings.map(({ code }) => code),
        ['not-readable'],
      );
    }));
});

describe('a server that dies', () => {
  const slow = { [file]: 'create table t (id int);\nselect pg_sleep(600);' };

  /** Kills the server as soon as somebody sleeps on it. */
  async function whileSleeping(server: PrivateServer, url: string, work: Promise<unknown>): Promise<Fault> {
    const failed = faultOf(work);
    await withSession(url, async (session) => {
      await until(async () => {
        const rows = await session.rows(
          `select from pg_stat_activity where query like 'select pg_sleep%' and state = 'active'`,
        );
        return rows.length > 0 ? true : undefined;
      });
    });
    process.kill(server.pid, 'SIGQUIT');
    return failed;
  }

  async function withServer(use: (server: PrivateServer, url: string) => Promise<void>): Promise<void> {
    const server = await startServer({ binaries: binariesOf(newest), tcp: true });
    try {
      await use(server, `postgres://${server.user}:${server.password}@${server.host}:${server.port}/postgres`);
    } finally {
      await server.stop();
    }
  }

  it('in the middle of a rehearsal, the target and the shadow on it', () =>
    withServer((server, url) =>
      withWorkspace(slow, async ({ engine }) => {
        const project = await projectOf(engine({ target: on(url), shadow: 'same-server', statementMs: 600_000 }));
        const fault = await whileSleeping(server, url, checked(project));
        ok(['no-server', 'connection-lost', 'shadow-lost'].includes(fault.code), fault.message);
        equal((await faultOf(checked(project))).code, 'no-server');
      }),
    ));

  it('in the middle of a rehearsal, the one of our own: another takes its place', () =>
    withDatabase(newest, (url) =>
      withWorkspace(files, async ({ engine, path, write, log }) => {
        const before = new Set(foldersOf(process.pid));
        const project = await projectOf(engine({ target: on(url), binaries: [binariesOf(newest)] }));
        deepEqual(briefly(await checked(project)), refused);
        const [own, ...others] = foldersOf(process.pid).filter((folder) => !before.has(folder));
        if (own === undefined || others.length > 0) throw new Error('there is one server of our own');
        process.kill(Number(readFileSync(join(own, 'data/postmaster.pid'), 'utf8').split('\n')[0]), 'SIGQUIT');
        write(file, `create schema again;\n${files[file]}`);
        const check = await checked(project, [path(file)]);
        equal(check.place, 'private');
        deepEqual(briefly(check), refused);
        equal(log.filter((line) => line.startsWith('shadow: private PostgreSQL')).length, 2);
      }),
    ));

  it('in the middle of an apply', () =>
    withServer((server, url) =>
      withWorkspace(slow, async ({ engine }) => {
        const project = await projectOf(engine({ target: on(url), shadow: 'same-server' }));
        const fault = await whileSleeping(
          server,
          url,
          project.apply({ which: 'all', snapshot: false, disconnect: false }, () => {}, never),
        );
        ok(['no-server', 'connection-lost'].includes(fault.code), fault.message);
        equal((await faultOf(project.status())).code, 'no-server');
      }),
    ));
});

/** A disk of its own; undefined where we may not mount one. */
function mount(options: string): { readonly folder: string; readonly end: () => void } | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'rehearsal-disk-'));
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder]);
  const end = (): void => {
    if (status === 0) spawnSync('umount', [folder]);
    rmSync(folder, { recursive: true });
  };
  if (status === 0) return { folder, end };
  end();
  return undefined;
}
