/** Logging in to real servers: TLS in every sslmode, SCRAM, sockets, several hosts, and a fault for each way to fail. */
import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict';
import { chownSync, statSync, writeFileSync } from 'node:fs';
import { type Server, type Socket, createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { Fault, type FaultCode } from '../../server/engine/base/fault';
import { type ConnectionSources, readConnection } from '../../server/engine/database/connection';
import type { ConnectionParameters } from '../../server/engine/database/parameters';
import { serverDatabase } from '../../server/engine/database/serverDatabase';
import type { Session } from '../../server/engine/database/session';
import { type PrivateServer, startServer } from '../../server/engine/shadow/privateServer';
import { newAuthority } from '../support/certificates';
import { isFault } from '../support/faults';
import { binariesOf, servers } from '../support/servers';

const assets = join(__dirname, '../../dist');
const password = 'päss wörd/@:%🐘';

for (const major of [servers.oldest, servers.newest])
  describe(`connections to Postgres ${major} with TLS`, () => {
    const authority = newAuthority('test authority');
    const stranger = newAuthority('another authority');
    const files: Readonly<Record<string, string>> = {
      '/ca': authority.certificate,
      '/other': stranger.certificate,
      '/client.crt': authority.sign('tls_cert', []).certificate,
    };
    const client = authority.sign('tls_cert', []);
    let server: PrivateServer;

    before(async () => {
      server = await startServer({
        binaries: binariesOf(major),
        tcp: true,
        hba: [
          'local all all scram-sha-256',
          'hostssl all tls_cert 127.0.0.1/32 cert',
          'hostssl all tls_only 127.0.0.1/32 scram-sha-256',
          'hostnossl all plain_only 127.0.0.1/32 scram-sha-256',
          'host all old_way 127.0.0.1/32 md5',
          'host all clear 127.0.0.1/32 password',
          'host all postgres 127.0.0.1/32 scram-sha-256',
          'host all scram 127.0.0.1/32 scram-sha-256',
        ],
      });
      await withSession(at({}), async (session) => {
        for (const name of ['tls_cert', 'tls_only', 'plain_only', 'scram', 'clear'])
          equal((await session.run(`create role ${name} login password '${password}'`)).kind, 'done');
        await session.run(`set password_encryption = 'md5'; create role old_way login password '${password}'`);
        turnOnTls();
        await session.run('alter system set ssl = on');
        await session.run("alter system set ssl_ca_file = 'ca.crt'");
        await session.run('select pg_reload_conf()');
        await until(
          async () =>
            (await session.rows("select 1 from pg_settings where name = 'ssl' and setting = 'on'")).length > 0,
        );
      });
      await until(() => encrypted({ sslmode: 'require' }).catch(() => false));
    });
    after(() => server.stop());

    for (const [sslmode, tls] of [
      ['disable', false],
      ['allow', false],
      ['prefer', true],
      ['require', true],
    ] as const)
      it(`sslmode=${sslmode} ${tls ? 'encrypts' : 'does not encrypt'}`, async () =>
        equal(await encrypted({ sslmode }), tls));

    it('tries the other way where the server wants it', async () => {
      equal(await encrypted({ sslmode: 'allow', user: 'tls_only', password }), true);
      equal(await encrypted({ sslmode: 'prefer', user: 'plain_only', password }), false);
      await rejects(open({ sslmode: 'disable', user: 'tls_only', password }), isDiscreet('no-tls', /no encryption/));
      await rejects(open({ sslmode: 'require', user: 'plain_only', password }), isDiscreet('wrong-password', /28000/));
    });

    it('checks the certificate as far as it is told to', async () => {
      equal(await encrypted({ sslmode: 'verify-ca', sslrootcert: '/ca' }), true);
      equal(await encrypted({ sslmode: 'verify-full', sslrootcert: '/ca', host: 'localhost' }), true);
      equal(
        await encrypted({ sslmode: 'verify-full', sslrootcert: '/ca', host: 'localhost', hostaddr: '127.0.0.1' }),
        true,
      );
      equal(
        await encrypted({ sslmode: 'verify-ca', sslrootcert: '/ca', host: 'wrong.test', hostaddr: '127.0.0.1' }),
        true,
      );
      await rejects(
        open({ sslmode: 'verify-full', sslrootcert: '/ca', host: 'wrong.test', hostaddr: '127.0.0.1' }),
        isDiscreet('no-tls', /wrong\.test/),
      );
      for (const sslmode of ['require', 'verify-ca', 'verify-full'])
        await rejects(open({ sslmode, sslrootcert: '/other', host: 'localhost' }), isDiscreet('no-tls', /certificate/));
      equal(await encrypted({ sslmode: 'prefer', sslrootcert: '/other' }), true);
    });

    it('shows its own certificate', async () => {
      const own = { user: 'tls_cert', sslmode: 'verify-full', sslrootcert: '/ca', host: 'localhost' };
      equal(await encrypted({ ...own, sslcert: '/client.crt', sslkey: '/client.key' }), true);
      await rejects(open(own), isDiscreet('wrong-password', /certificate/));
    });

    it('logs in by SCRAM, MD5 and in clear text, with any password', async () => {
      for (const user of ['scram', 'old_way', 'clear']) {
        equal(await encrypted({ user, password, sslmode: 'disable' }), false);
        await rejects(open({ user, password: 'wrong' }), isDiscreet('wrong-password', /28P01/));
        await rejects(open({ user, password: '' }), isDiscreet('wrong-password', /none is known/));
      }
    });

    it('binds the login to the TLS channel, and insists on it when told to', async () => {
      equal(await encrypted({ user: 'scram', password, channel_binding: 'require' }), true);
      equal(await encrypted({ user: 'scram', password, channel_binding: 'disable' }), true);
      for (const without of [{ user: 'old_way' }, { user: 'clear' }, { user: 'scram', sslmode: 'disable' }])
        await rejects(
          open({ password, channel_binding: 'require', ...without }),
          isDiscreet('no-tls', /channel binding/),
        );
    });

    it('cancels over TLS', () =>
      withSession(at({ sslmode: 'require' }), async (session) => {
        const answer = await session.run('select pg_sleep(600)', { timeoutMs: 50 });
        equal(answer.kind === 'refused' && answer.refusal.sqlState, '57014');
        equal((await session.run('select 1')).kind, 'done');
      }));

    it('dumps over TLS and over a socket', async () => {
      await withSession(at({}), (session) => session.run('create table dumped (a int)'));
      for (const how of [{ sslmode: 'verify-full', sslrootcert: '/ca', host: 'localhost' }, { host: server.folder }])
        match(await serverDatabase(at(how), assets).dump(), /CREATE TABLE public\.dumped/);
    });

    it('logs in and cancels over a socket, where sslmode means nothing', () =>
      withSession(at({ host: server.folder, sslmode: 'require' }), async (session) => {
        deepEqual(await session.rows('select inet_server_addr() as address'), [{ address: null }]);
        const answer = await session.run('select pg_sleep(600)', { timeoutMs: 50 });
        equal(answer.kind === 'refused' && answer.refusal.sqlState, '57014');
      }));

    it('takes the next host when one does not answer, but not when one refuses', async () => {
      equal(await encrypted({ host: '127.0.0.1,127.0.0.1', port: `${nobodys},${server.port}` }), true);
      await rejects(
        open({ host: '127.0.0.1,127.0.0.1', port: `${server.port},${nobodys}`, password: 'wrong' }),
        isDiscreet('wrong-password', /28P01/),
      );
      await rejects(
        open({ host: '127.0.0.1,localhost', port: String(nobodys) }),
        isDiscreet('no-server', /127\.0\.0\.1:1.*localhost:1/),
      );
    });

    it('looks for the kind of server that is wanted', async () => {
      for (const target_session_attrs of ['any', 'read-write', 'primary', 'prefer-standby'])
        await (await open({ target_session_attrs })).close();
      for (const target_session_attrs of ['standby', 'read-only'])
        await rejects(open({ target_session_attrs }), isDiscreet('wrong-server', new RegExp(target_session_attrs)));
    });

    it('sets what options and the URL set', () =>
      withSession(
        readConnection(
          `postgres://postgres:${server.password}@127.0.0.1:${server.port}/postgres?search_path=%22my schema%22,public&options=-c%20geqo%3Doff&application_name=my%20app`,
          sourcesWith({ PGOPTIONS: '-c work_mem=1MB' }),
        ),
        async (session) => {
          const [row] = await session.rows<{ path: string; geqo: string; app: string }>(
            `select current_setting('search_path') as path, current_setting('geqo') as geqo,
              current_setting('application_name') as app`,
          );
          deepEqual(row, { path: '"my schema",public', geqo: 'off', app: 'my app' });
        },
      ));

    it('has a fault for each refusal', async () => {
      await rejects(open({ dbname: 'nowhere' }), isDiscreet('no-database', /nowhere/));
      await rejects(open({ user: 'nobody_here', password: 'x' }), isDiscreet('wrong-password', /28000/));
      await rejects(
        open({ options: '-c no_such_setting=1' }),
        isDiscreet('bad-connection-settings', /no_such_setting/),
      );
      await withSession(at({}), async (session) => {
        await session.run('create database closed');
        await session.run('revoke connect on database closed from public');
        await rejects(open({ dbname: 'closed', user: 'scram', password }), isDiscreet('no-right', /closed/));
        await session.run('create database shut allow_connections false');
        await rejects(open({ dbname: 'shut' }), isDiscreet('busy', /shut/));
        await session.run('create database crowded connection limit 0');
        const full = /too many connections for database "crowded" \(53300\)\. Raise the CONNECTION LIMIT/;
        await rejects(open({ dbname: 'crowded', user: 'scram', password }), isDiscreet('no-connection-left', full));
      });
    });

    function turnOnTls(): void {
      const { certificate, key } = authority.sign('server', ['DNS:localhost', 'IP:127.0.0.1']);
      const data = join(server.folder, 'data');
      const { uid, gid } = statSync(data);
      for (const [name, text] of [
        ['server.crt', certificate],
        ['server.key', key],
        ['ca.crt', authority.certificate],
      ] as const) {
        writeFileSync(join(data, name), text, { mode: 0o600 });
        chownSync(join(data, name), uid, gid);
      }
    }

    /** Pairs as in a connection string, over those of the superuser. */
    function at(keywords: Readonly<Record<string, string>>): ConnectionParameters {
      const usual = {
        host: '127.0.0.1',
        port: String(server.port),
        user: 'postgres',
        password: server.password,
        dbname: 'postgres',
      };
      const pairs = Object.entries({ ...usual, ...keywords });
      const text = pairs.map(([name, value]) => `${name}='${value.replaceAll(/['\\]/g, '\\$&')}'`).join(' ');
      return readConnection(text, {
        ...sourcesWith({}),
        readFile: (path) => ({ ...files, '/client.crt': client.certificate, '/client.key': client.key })[path],
      });
    }

    const open = (keywords: Readonly<Record<string, string>>): Promise<Session> =>
      serverDatabase(at(keywords), assets).open('read');

    async function encrypted(keywords: Readonly<Record<string, string>>): Promise<boolean> {
      return withSession(at(keywords), async (session) => {
        const [row] = await session.rows<{ ssl: boolean }>('select ssl from pg_stat_ssl where pid = pg_backend_pid()');
        return row?.ssl ?? false;
      });
    }
  });

describe('what answers in the place of Postgres', () => {
  it('nothing at all, for too long', () =>
    withListener(
      () => undefined,
      (port) =>
        rejects(
          openText(`host=127.0.0.1 port=${port} connect_timeout=2 user=u`),
          isDiscreet('no-server', /within 2 seconds/),
        ),
    ));

  it('a server of another kind', () =>
    withListener(
      (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'),
      (port) =>
        rejects(
          openText(`host=127.0.0.1 port=${port} user=u`),
          (error) => error instanceof Fault && ['no-server', 'no-tls'].includes(error.code),
        ),
    ));

  it('one that hangs up', () =>
    withListener(
      (socket) => socket.destroy(),
      (port) =>
        rejects(
          openText(`host=127.0.0.1 port=${port} user=u sslmode=disable`),
          isDiscreet('no-server', new RegExp(`127\\.0\\.0\\.1:${port}`)),
        ),
    ));

  it('no name, no socket', async () => {
    await rejects(openText('host=no-such-host.invalid user=u'), isDiscreet('no-server', /no-such-host\.invalid/));
    await rejects(openText('host=/no/such/folder user=u'), isDiscreet('no-server', /no socket \/no\/such\/folder/));
  });
});

const openText = (text: string): Promise<Session> =>
  serverDatabase(readConnection(text, sourcesWith({})), '').open('read');

function sourcesWith(environment: Readonly<Record<string, string>>): ConnectionSources {
  const [readFile, no] = [() => undefined, () => false];
  return { environment, readFile, isOpenToOthers: no, exists: no, home: '/home/somebody', osUser: 'somebody' };
}

async function withSession<T>(parameters: ConnectionParameters, use: (session: Session) => Promise<T>): Promise<T> {
  const session = await serverDatabase(parameters, assets).open('write');
  try {
    return await use(session);
  } finally {
    await session.close();
  }
}

async function listen(onSocket: (socket: Socket) => void): Promise<{ server: Server; port: number }> {
  const server = createServer(onSocket).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  ok(address && typeof address === 'object');
  return { server, port: address.port };
}

async function withListener(onSocket: (socket: Socket) => void, use: (port: number) => Promise<void>): Promise<void> {
  const sockets: Socket[] = [];
  const { server, port } = await listen((socket) => {
    sockets.push(socket.on('error', () => undefined));
    onSocket(socket);
  });
  try {
    await use(port);
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}

/** A port that nobody listens at, nor will: none is given it that asks for any. */
const nobodys = 1;

/** Tells no password. */
const isDiscreet =
  (code: FaultCode, words: RegExp) =>
  (error: unknown): boolean => {
    isFault(code, words)(error);
    ok(!String(error).includes(password), String(error));
    return true;
  };

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setImmediate(resolve));
}
