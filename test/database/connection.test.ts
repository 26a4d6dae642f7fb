/** Connection parameters: what libpq makes of a text, the environment and its files, we make of it too. */
import { deepEqual, doesNotMatch, equal, match, ok, throws } from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { Fault } from '../../server/engine/base/fault';
import { candidatesIn, withoutPassword } from '../../server/engine/database/candidates';
import { type ConnectionSources, nodeSources, readConnection } from '../../server/engine/database/connection';
import { readConnectionString } from '../../server/engine/database/connectionString';
import { idOf, isLocal, labelOf, plainParameters } from '../../server/engine/database/parameters';
import { quoteIdentifier, quoteLiteral, quoteName } from '../../server/engine/database/quote';
import { serverDatabase } from '../../server/engine/database/serverDatabase';
import { serverOf, servers } from '../support/servers';

describe('a connection string', () => {
  const table: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
    ['', {}],
    ['postgres://', {}],
    ['postgresql://localhost', { host: 'localhost' }],
    ['postgresql://localhost:5433', { host: 'localhost', port: '5433' }],
    ['postgresql://localhost/mydb', { host: 'localhost', dbname: 'mydb' }],
    ['postgresql://user@localhost', { user: 'user', host: 'localhost' }],
    ['postgres://user:secret@localhost', { user: 'user', password: 'secret', host: 'localhost' }],
    [
      'postgres://u:p@h/d?connect_timeout=10&sslmode=require',
      { user: 'u', password: 'p', host: 'h', dbname: 'd', connect_timeout: '10', sslmode: 'require' },
    ],
    ['postgresql:///mydb?host=localhost&port=5433', { dbname: 'mydb', host: 'localhost', port: '5433' }],
    ['postgresql:///db?host=/var/run/postgresql', { dbname: 'db', host: '/var/run/postgresql' }],
    ['postgresql://%2Fvar%2Flib%2Fpostgresql/dbname', { host: '/var/lib/postgresql', dbname: 'dbname' }],
    ['postgresql://[2001:db8::1234]:5434/d', { host: '2001:db8::1234', port: '5434', dbname: 'd' }],
    ['postgresql://host1:123,host2:456/somedb', { host: 'host1,host2', port: '123,456', dbname: 'somedb' }],
    [
      'postgres://us%40er:p%40ss%2Fw%3Ard@h/my%20db',
      { user: 'us@er', password: 'p@ss/w:rd', host: 'h', dbname: 'my db' },
    ],
    ['postgres://user:p@ss@h/d', { user: 'user', password: 'p@ss', host: 'h', dbname: 'd' }],
    ['pgx5://u@h/d', { user: 'u', host: 'h', dbname: 'd' }],
    ['postgres://h/d?ssl=true', { host: 'h', dbname: 'd', sslmode: 'require' }],
    [
      'postgres://h/d?x-migrations-table=m&sslmode=disable',
      { host: 'h', dbname: 'd', 'x-migrations-table': 'm', sslmode: 'disable' },
    ],
    [
      'host=localhost port=5432 dbname=mydb connect_timeout=10',
      { host: 'localhost', port: '5432', dbname: 'mydb', connect_timeout: '10' },
    ],
    [`user = 'a b' password='it\\'s \\\\ fine' dbname=''`, { user: 'a b', password: "it's \\ fine", dbname: '' }],
    ['password=pa\\ ss host=h', { password: 'pa ss', host: 'h' }],
  ];
  for (const [text, keywords] of table)
    it(`${text || 'of nothing'} is read`, () => deepEqual({ ...readConnectionString(text) }, keywords));

  it('is read back, whatever the parts are', () =>
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (password, dbname) => {
        const parts = { user: 'u', ...(password && { password }), host: 'h', ...(dbname && { dbname }) };
        const url = `postgres://u:${encodeURIComponent(password)}@h/${encodeURIComponent(dbname)}`;
        deepEqual({ ...readConnectionString(url) }, parts);
        const quoted = Object.entries(parts).map(([name, value]) => `${name}='${value.replaceAll(/['\\]/g, '\\$&')}'`);
        deepEqual({ ...readConnectionString(quoted.join(' ')) }, parts);
      }),
    ));

  for (const [text, words] of [
    ['mysql://u:topsecret@h/d', /begins with postgres:\/\/ or postgresql:\/\/, not mysql/],
    ['postgres://u:topsecret@h:port/d', /port is no number/],
    ['postgres://u:top/topsecret@h/d', /write \/ as %2F/],
    ['postgres://u:12/topsecret@h/d', /write \/ as %2F/],
    ['postgres://u:topsecret@h:70000/d', /port is no number/],
    ['postgres://u:topsecret%@h/d', /%25/],
    ['postgres://u:topsecret@h/d?sslmode', /sslmode of the URL has no value/],
    ['postgres://u:topsecret@h/d?sslmode=sometimes', /sslmode is one of disable.*not "sometimes"/],
    ['postgres://u:topsecret@::1/d', /stands in brackets/],
    ['postgres://u:topsecret@a:1,b:2,c/d?port=1,2', /3 hosts and 2 ports/],
    ['postgres://u:topsecret@h/d?sslmode=verify-full', /needs a root certificate/],
    ['postgres://u:topsecret@h/d?sslmode=verify-ca&sslrootcert=/no/file', /\/no\/file is not there/],
    ['postgres://u:topsecret@h/d?sslmode=require&sslrootcert=system', /verify-full/],
    ['host=h password=topsecret with blanks', /neither a URL/],
    ['host=h password=topsecret connect_timeout=soon', /number of seconds/],
    ['service=topsecretless', /the service "topsecretless" is not in \/home\/somebody\/\.pg_service\.conf/],
  ] as const)
    it(`${text} is refused without its password`, () =>
      throws(
        () => readConnection(text, sources()),
        (error) => {
          ok(error instanceof Fault);
          equal(error.code, 'bad-connection-settings');
          match(error.message, words);
          doesNotMatch(error.message, /topsecret(?!less)/);
          return true;
        },
      ));
});

describe('connection parameters', () => {
  it('are the usual ones when nothing is said', () => {
    const { hosts, user, database, tls, channelBinding, applicationName } = readConnection('', sources());
    deepEqual(
      { hosts, user, database, mode: tls.mode, channelBinding, applicationName },
      {
        hosts: [{ name: 'localhost', port: 5432 }],
        user: 'somebody',
        database: 'somebody',
        mode: 'prefer',
        channelBinding: 'prefer',
        applicationName: 'rehearsal',
      },
    );
  });

  it('find the socket where it is', () => {
    const there = sources({}, { '/tmp/.s.PGSQL.5433': '' });
    deepEqual(readConnection('port=5433', there).hosts, [{ name: '/tmp', port: 5433 }]);
    deepEqual(readConnection('port=5434', there).hosts, [{ name: 'localhost', port: 5434 }]);
  });

  it('come from the environment, under what the text says', () => {
    const environment = {
      PGHOST: 'db.test',
      PGHOSTADDR: '10.0.0.1',
      PGPORT: '5433',
      PGUSER: 'me',
      PGPASSWORD: 'secret',
      PGDATABASE: 'shop',
      PGSSLMODE: 'disable',
      PGAPPNAME: 'tests',
      PGOPTIONS: '-c geqo=off',
      PGCONNECT_TIMEOUT: '10',
      PGTARGETSESSIONATTRS: 'primary',
      PGCHANNELBINDING: 'disable',
    };
    const read = readConnection('', sources(environment));
    deepEqual(read, {
      hosts: [{ name: 'db.test', address: '10.0.0.1', port: 5433, password: 'secret' }],
      user: 'me',
      database: 'shop',
      tls: { mode: 'disable', direct: false, serverNameIndication: true },
      channelBinding: 'disable',
      targetSession: 'primary',
      connectTimeoutMs: 10_000,
      applicationName: 'tests',
      options: '-c geqo=off',
      settings: {},
      extra: {},
      warnings: [],
    });
    const over = readConnection('postgres://you@other/mine', sources({ ...environment, PGHOSTADDR: '' }));
    deepEqual([over.hosts[0]?.name, over.user, over.database, over.hosts[0]?.port], ['other', 'you', 'mine', 5433]);
  });

  it('keep apart what belongs to the migration tools', () => {
    const url =
      'postgres://h/d?x-migrations-table=m&search_path=shop,public&schema=s&sslmode=disable&statement_timeout=5';
    const { extra, settings } = readConnection(url, sources());
    deepEqual(extra, { 'x-migrations-table': 'm', schema: 's' });
    deepEqual(settings, { search_path: 'shop,public', statement_timeout: '5' });
  });

  it('say what they do not heed', () =>
    match(readConnection('requirepeer=postgres host=/tmp', sources()).warnings.join(), /requirepeer is not heeded/));

  it('come from a service file, between the text and the environment', () => {
    const file =
      '# mine\n[other]\nhost=wrong\n\n[shop]\nhost=db.test\nport = 5433\ndbname=shop\nuser=me\n[shop]\nuser=late\n';
    const at = (path: string, environment = {}) =>
      sources({ PGSERVICE: 'shop', PGPORT: '1', PGAPPNAME: 'tests', ...environment }, { [path]: file });
    for (const it of [
      at('/home/somebody/.pg_service.conf'),
      at('/named', { PGSERVICEFILE: '/named' }),
      at('/etc/pg/pg_service.conf', { PGSYSCONFDIR: '/etc/pg' }),
    ]) {
      const { hosts, database, user, applicationName } = readConnection('user=given', it);
      deepEqual(
        { hosts, database, user, applicationName },
        {
          hosts: [{ name: 'db.test', port: 5433 }],
          database: 'shop',
          user: 'given',
          applicationName: 'tests',
        },
      );
    }
    equal(readConnection('service=other', at('/home/somebody/.pg_service.conf')).hosts[0]?.name, 'wrong');
  });

  it('take the certificates of the usual places', () => {
    const home = '/home/somebody/.postgresql';
    const files = { [`${home}/root.crt`]: 'CA', [`${home}/postgresql.crt`]: 'CERT', [`${home}/postgresql.key`]: 'KEY' };
    deepEqual(readConnection('host=h sslmode=verify-full', sources({}, files)).tls, {
      mode: 'verify-full',
      direct: false,
      serverNameIndication: true,
      ca: 'CA',
      certificate: 'CERT',
      key: 'KEY',
    });
    equal(readConnection('host=h sslrootcert=system', sources({}, files)).tls.mode, 'verify-full');
  });

  it('are named without the password, the same for the same database', () => {
    const [url, pairs] = [
      'postgres://me:topsecret@h:5432/my%20db',
      "host=h user=me password=topsecret dbname='my db'",
    ].map((text) => readConnection(text, sources()));
    ok(url && pairs);
    equal(idOf(url), 'postgres://me@h:5432/my%20db');
    equal(idOf(pairs), idOf(url));
    equal(labelOf(url), 'my db@h:5432');
    equal(labelOf(readConnection('postgres://[::1]/d', sources())), 'd@[::1]:5432');
  });

  for (const [host, local] of [
    ['localhost', true],
    ['LOCALHOST', true],
    ['127.0.0.1', true],
    ['127.1.2.3', true],
    ['::1', true],
    ['/tmp', true],
    ['localhost,127.0.0.1', true],
    ['localhost.evil.test', false],
    ['127.0.0.1.evil.test', false],
    ['10.0.0.1', false],
    ['localhost,db.test', false],
    ['::2', false],
  ] as const)
    it(`${host} is ${local ? '' : 'not '}on this machine`, () =>
      equal(isLocal(readConnection(`host=${host}`, sources())), local));

  it('are not on this machine when the address is not, whatever the name', () =>
    equal(isLocal(readConnection('host=localhost hostaddr=10.0.0.1', sources())), false));
});

describe('a password file', () => {
  const lines = [
    '# comment',
    'db.test:5432:shop:me:plain',
    '*:5433:*:me:any\\:port\\\\5433',
    'localhost:*:*:me:socket',
    'db.test:*:*:*:rest:ignored',
    '*:*:broken',
  ].join('\n');
  const password = (text: string, environment = {}): string | undefined =>
    readConnection(text, sources(environment, { '/home/somebody/.pgpass': lines, '/named': '*:*:*:*:named' })).hosts[0]
      ?.password;

  for (const [text, expected] of [
    ['host=db.test dbname=shop user=me', 'plain'],
    ['host=db.test dbname=other user=me', 'rest'],
    ['host=other port=5433 user=me', 'any:port\\5433'],
    ['host=/var/run/postgresql user=me', 'socket'],
    ['host=/elsewhere user=me', undefined],
    ['host=other user=me', undefined],
    ['host=db.test dbname=shop user=me password=given', 'given'],
    ['host=other user=me passfile=/named', 'named'],
  ] as const)
    it(`for ${text} gives ${expected ?? 'nothing'}`, () => equal(password(text), expected));

  it('gives each host its own', () =>
    deepEqual(
      readConnection(
        'host=db.test,other port=5432,5433 dbname=shop user=me',
        sources({}, { '/home/somebody/.pgpass': lines }),
      ).hosts,
      [
        { name: 'db.test', port: 5432, password: 'plain' },
        { name: 'other', port: 5433, password: 'any:port\\5433' },
      ],
    ));

  it('is left out with a word when others may read it', function () {
    if (process.platform === 'win32') this.skip();
    const folder = mkdtempSync(join(tmpdir(), 'rehearsal-pass-'));
    const file = join(folder, 'pass');
    writeFileSync(file, '*:*:*:*:secret');
    const read = () => readConnection(`host=h user=me passfile=${file}`, nodeSources({}));
    chmodSync(file, 0o644);
    deepEqual([read().hosts[0]?.password, read().warnings.length], [undefined, 1]);
    match(read().warnings[0] ?? '', /0600/);
    chmodSync(file, 0o600);
    deepEqual([read().hosts[0]?.password, read().warnings], ['secret', []]);
    rmSync(folder, { recursive: true });
  });

  it('and a service file log in to a real server', async () => {
    const server = await serverOf(servers.newest);
    const folder = mkdtempSync(join(tmpdir(), 'rehearsal-pass-'));
    mkdirSync(join(folder, 'home'));
    writeFileSync(join(folder, 'pass'), `${server.host}:${server.port}:postgres:${server.user}:${server.password}`, {
      mode: 0o600,
    });
    writeFileSync(
      join(folder, 'services'),
      `[mine]\nhost=${server.host}\nport=${server.port}\nuser=${server.user}\ndbname=postgres\npassfile=${join(folder, 'pass')}\n`,
    );
    const environment = { PGSERVICE: 'mine', PGSERVICEFILE: join(folder, 'services') };
    const session = await serverDatabase(readConnection('', nodeSources(environment)), '').open('read');
    equal(session.server.database, 'postgres');
    await session.close();
    rmSync(folder, { recursive: true });
  });
});

describe('candidates', () => {
  it('come from the environment and .env files, nearest first', () => {
    const { brief, candidates } = found(
      {
        '/project/.env': 'DATABASE_URL="postgres://me:topsecret@localhost/shop?sslmode=disable"\nREDIS_URL=redis://x\n',
        '/project/db/.env':
          'export TEST_DATABASE_URL=postgres://me@localhost/test # comment\nPGHOST=db.test\nPGDATABASE=far\nPGPASSWORD=topsecret\n',
      },
      { DATABASE_URL: 'postgres://me@127.0.0.1/first' },
    );
    deepEqual(brief, [
      'first@127.0.0.1:5432 | DATABASE_URL in the environment | undefined',
      'test@localhost:5432 | TEST_DATABASE_URL in .env | undefined',
      'far@db.test:5432 | PGHOST, PGDATABASE in .env | topsecret',
      'shop@localhost:5432 | DATABASE_URL in .env | topsecret',
    ]);
    deepEqual(
      candidates.map(({ local }) => local),
      [true, true, false, true],
    );
    for (const { connection, label, source } of candidates) doesNotMatch(connection + label + source, /topsecret/);
  });

  it('come from the services of Compose files that run Postgres', () => {
    const compose = `
      services:
        db:
          image: postgis/postgis:16-3.4
          environment: { POSTGRES_USER: me, POSTGRES_PASSWORD: "\${DB_PASSWORD:-p@ss}", POSTGRES_DB: shop }
          ports: ["127.0.0.1:5433:5432"]
        list:
          image: postgres:\${TAG}
          environment: [POSTGRES_PASSWORD=x]
          ports: [{ target: 5432, published: 5434 }]
        hidden: { image: postgres }
        cache: { image: redis, ports: ["5435:5432"] }`;
    deepEqual(found({ '/project/compose.yaml': compose }).brief, [
      'shop@localhost:5433 | service db in compose.yaml | p@ss',
      'postgres@localhost:5434 | service list in compose.yaml | x',
    ]);
  });

  it('are one for one database', () =>
    deepEqual(
      found({ '/project/.env': 'DATABASE_URL=postgres://me@h/d\nPOSTGRES_URL=postgresql://me@h:5432/d' }).brief,
      ['d@h:5432 | DATABASE_URL in .env, POSTGRES_URL in .env | undefined'],
    ));

  it('leave out what cannot be read, with a line in the log', () => {
    const { candidates, log } = found({
      '/project/.env': 'DATABASE_URL=postgres://me:topsecret@h:x/d',
      '/project/docker-compose.yml': 'services: [',
    });
    deepEqual(candidates, []);
    equal(log.length, 2);
    doesNotMatch(log.join(), /topsecret/);
  });

  for (const [url, without] of [
    ['postgres://me:secret@h/d', 'postgres://me@h/d'],
    ['postgres://me:se@cr:et@h/d', 'postgres://me@h/d'],
    ['postgres://me@h/d?password=secret&sslmode=require', 'postgres://me@h/d?sslmode=require'],
    ['postgres://me@h/d?sslmode=require&password=secret', 'postgres://me@h/d?sslmode=require'],
    ['postgres://me@h/d?password=secret', 'postgres://me@h/d'],
    ['postgres://me@h/d?password=secret&p%61ssword=secret&sslpassword=secret', 'postgres://me@h/d'],
    ['postgres://h/d', 'postgres://h/d'],
  ] as const)
    it(`${url} loses its password`, () => equal(withoutPassword(url), without));
});

describe('quoting', () => {
  it('means the same to a server, whatever the text', async () => {
    const server = await serverOf(servers.oldest);
    const session = await serverDatabase(plainParameters({ ...server, database: 'postgres' }), '').open('read');
    const text = fc
      .string({ unit: 'binary', minLength: 1 })
      .filter((it) => !/[\0\uD800-\uDFFF]/.test(it) && Buffer.byteLength(it) < 64);
    for (const conforming of ['on', 'off']) {
      await session.run(`set standard_conforming_strings = ${conforming}`);
      await fc.assert(
        fc.asyncProperty(text, async (value) => {
          const [row] = await session.rows(`select ${quoteLiteral(value)} as ${quoteIdentifier(value)}`);
          deepEqual(Object.entries(row ?? {}), [[value, value]]);
        }),
        { numRuns: 100, examples: [["'"], ['"'], ['\\'], ["\\'"], ['🐘'], ['--'], ['$$']] },
      );
    }
    await session.close();
  });

  it('joins the parts of a name', () => equal(quoteName('my"schema', 'table'), '"my""schema"."table"'));
});

/** What a workspace in /project with its migrations in /project/db names. */
const found = (files: Readonly<Record<string, string>>, environment = {}) => {
  const log: string[] = [];
  const candidates = candidatesIn(
    ['/project/db', '/project'],
    (path) => files[path],
    sources(environment, files),
    (line) => log.push(line),
  );
  return {
    log,
    candidates,
    brief: candidates.map(({ label, source, password }) => `${label} | ${source} | ${password}`),
  };
};

/** No file system, no environment but the one given; passwords files are closed to others. */
function sources(
  environment: Readonly<Record<string, string | undefined>> = {},
  files: Readonly<Record<string, string>> = {},
): ConnectionSources {
  return {
    environment,
    readFile: (path) => files[path],
    isOpenToOthers: () => false,
    exists: (path) => path in files,
    home: '/home/somebody',
    osUser: 'somebody',
  };
}
