/** Where the shadow lives: the first place that can be had, and always said which. */
import { deepEqual, equal, match, rejects } from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { type ConnectionParameters, plainParameters } from '../../server/engine/database/parameters';
import { openSession } from '../../server/engine/database/postgres';
import { emptyBase } from '../../server/engine/shadow/base';
import { findBinaries } from '../../server/engine/shadow/binaries';
import { type ChosenPlace, choosePlace, type PlaceWishes, traitsOf } from '../../server/engine/shadow/choosePlace';
import { noSetUp } from '../../server/engine/shadow/setUp';
import { withFolder } from '../support/files';
import { assets, noCache } from '../support/places';
import { asAdmin, binariesOf, type Major, serverOf, servers } from '../support/servers';
import { never, valueOf, withRoles } from './support';

const { oldest, newest } = servers;

/** Chooses for a target on the test server; the place is closed when `use` is done. */
async function withPlace<T>(
  major: Major,
  wishes: Partial<PlaceWishes> & { readonly login?: Partial<Parameters<typeof plainParameters>[0]> },
  use: (place: ChosenPlace, log: readonly string[]) => T | Promise<T>,
): Promise<T> {
  const { host, port, user, password } = await serverOf(major);
  const target = plainParameters({ host, port, user, password, database: 'postgres', ...wishes.login });
  const log: string[] = [];
  const session = await openSession(target);
  try {
    const place = await choosePlace(
      {
        wish: 'auto',
        target,
        setUp: noSetUp,
        extensions: [],
        binaries: [],
        roots: [],
        assets,
        environment: {},
        cache: noCache,
        base: undefined,
        log: (line) => log.push(line),
        onItsServer: (make) => make(),
        ...wishes,
      },
      await traitsOf(session),
    );
    try {
      return await use(place, log);
    } finally {
      await place.close();
    }
  } finally {
    await session.close();
  }
}

/** Binaries at the usual places of this machine are found without being named. */
const isInstalled = (major: Major): boolean => findBinaries([], [], {}).some((it) => it.major === major);

const shared = 'Others may use this server: statements that reach outside the database are not run.';
const oneSession =
  'A statement that takes longer than the statement timeout ends the shadow: what follows in the file is not rehearsed.';

describe('the place for shadows', () => {
  it('is the embedded engine that was chosen; its limits name what it lacks of the target', async () => {
    const setUp = { ...noSetUp, extensions: ['plpgsql', 'citext', 'moddatetime', 'postgis'] };
    await withPlace(oldest, { wish: 'embedded', setUp }, (place) => {
      equal(place.because, 'it was chosen');
      deepEqual(place.limits, [
        `It is PostgreSQL 18, and the target is PostgreSQL ${oldest}.`,
        'It lacks the extension postgis of the target, and what is made with it.',
        oneSession,
      ]);
    });
  });

  for (const major of [oldest, newest])
    it(`is a server of our own where there are binaries of the target's major version (${major})`, async () => {
      await withPlace(major, { binaries: [binariesOf(oldest), binariesOf(newest)] }, async (place, log) => {
        equal(place.kind, 'private');
        equal(place.shared, false);
        match(place.label, new RegExp(`^private PostgreSQL ${major}\\.\\d+$`));
        equal(place.label, `private PostgreSQL ${place.serverVersion}`);
        equal(place.because, `binaries of PostgreSQL ${place.serverVersion} are in ${binariesOf(major)}`);
        deepEqual(place.limits, []);
        const { session } = await place.fresh(emptyBase, never);
        equal(Math.floor(session.server.versionNumber / 10_000), major);
        deepEqual(log, []);
      });
    });

  it('takes binaries out of the workspace, and out of PATH', async () => {
    const root = binariesOf(newest).replace(/[\\/]node_modules[\\/].*$/, '');
    const found = findBinaries([], [root], {}).map(({ major }) => major);
    deepEqual(
      [oldest, newest].filter((major) => !found.includes(major)),
      [],
    );
    deepEqual(findBinaries([], [], { PATH: binariesOf(newest) })[0]?.folder, binariesOf(newest));
  });

  it("is the target's own server when there are none, if that is on this machine", async function () {
    if (isInstalled(newest)) return this.skip();
    const { port } = await serverOf(newest);
    await withPlace(newest, { binaries: [binariesOf(oldest)] }, (place, log) => {
      equal(place.kind, 'same-server');
      equal(place.shared, true);
      equal(place.label, `shadow database on 127.0.0.1:${port} (PostgreSQL ${place.serverVersion})`);
      match(
        log.join(),
        new RegExp(
          `^shadow: a private server cannot be had \\(there are no binaries of PostgreSQL 18 on this machine \\(.*${oldest}\\..*\\)\\); a shadow database on the target's server comes next$`,
        ),
      );
      match(
        place.because,
        /^there are no binaries of PostgreSQL 18 on this machine \(.*\); the role may create databases on the target's server$/,
      );
      deepEqual(place.limits, [shared]);
    });
  });

  it("is the target's own server when the binaries lack an extension that the target's server has", async () => {
    const setUp = { ...noSetUp, available: new Set(['special', 'citext']) };
    const wishes = { binaries: [binariesOf(newest)], setUp, extensions: ['citext', 'special', 'nobody_has'] };
    await withPlace(newest, wishes, (place, log) => {
      equal(place.kind, 'same-server');
      match(log.join(), /the binaries of PostgreSQL 18\.\d+ lack the extension special\); a shadow database /);
      match(place.because, /^the binaries of PostgreSQL 18\.\d+ lack the extension special; the role may /);
    });
  });

  // Every address of the machine; by its looks not a loopback one.
  const remote = { host: '0.0.0.0' };

  it('is the embedded engine when the target is on another machine and there are no binaries', async function () {
    if (isInstalled(newest)) return this.skip();
    await withPlace(newest, { login: remote }, (place) => {
      equal(place.kind, 'embedded');
      match(place.label, /^PGlite \(PostgreSQL 18\.\d+/);
      match(
        place.because,
        /^there are no binaries .*; the target is on another machine, where nothing is made by itself$/,
      );
      deepEqual(place.limits, [oneSession]);
    });
  });

  it('is a server of another machine only when the user wishes so', async () => {
    await withPlace(newest, { login: remote, wish: 'same-server' }, (place) => equal(place.kind, 'same-server'));
  });

  it('is the embedded engine when the role may not create databases', async function () {
    if (isInstalled(newest)) return this.skip();
    await withRoles(newest, { reader: '' }, () =>
      withPlace(newest, { login: { user: 'reader' } }, (place, log) => {
        equal(place.kind, 'embedded');
        match(log.join('\n'), /reader may not create databases.*\); the embedded Postgres comes next$/);
        match(place.because, /^there are no binaries .*; reader may not create databases /);
      }),
    );
  });

  it('is a fault when it was wished for and cannot be had', async function () {
    await withRoles(newest, { reader: '' }, async () => {
      const refused = withPlace(newest, { login: { user: 'reader' }, wish: 'same-server' }, () => undefined);
      await rejects(refused, { code: 'no-right' });
    });
    if (isInstalled(newest)) return this.skip();
    await rejects(
      withPlace(newest, { wish: 'private' }, () => undefined),
      { code: 'no-shadow' },
    );
  });

  it('is the server of the URL that the user names', async () => {
    const { host, port, user, password } = await serverOf(oldest);
    const url = plainParameters({ host, port, user, password, database: 'postgres' });
    await withPlace(newest, { wish: { url }, binaries: [binariesOf(newest)] }, (place) => {
      equal(place.kind, 'url');
      equal(place.shared, true);
      equal(place.label, `shadow database on 127.0.0.1:${port} (PostgreSQL ${place.serverVersion})`);
      equal(Number.parseInt(place.serverVersion, 10), oldest);
      equal(place.because, 'it was chosen');
      deepEqual(place.limits, [`It is PostgreSQL ${oldest}, and the target is PostgreSQL ${newest}.`, shared]);
    });
  });

  it('is the embedded engine for an embedded target, whatever is wished', async () => {
    const url: ConnectionParameters = plainParameters({ host: 'nowhere', port: 1, user: 'x', database: 'x' });
    for (const wish of ['auto', 'private', 'same-server', 'embedded', { url }] as const) {
      const wishes = { wish, target: undefined, setUp: noSetUp, extensions: [], binaries: [binariesOf(newest)] };
      const rest = {
        roots: [],
        assets,
        environment: {},
        cache: noCache,
        base: undefined,
        log: () => {},
        onItsServer: <T>(make: () => Promise<T>) => make(),
      };
      const place = await choosePlace({ ...wishes, ...rest }, undefined);
      equal(place.kind, 'embedded');
      equal(place.because, 'the target is the embedded Postgres');
      deepEqual(place.limits, [oneSession]);
      await place.close();
    }
  });

  it('does not fail for a folder of binaries that is none', async () => {
    await withFolder(async (folder) => {
      await withPlace(newest, { binaries: [folder, `${folder}/nowhere`, binariesOf(newest)] }, (place) =>
        equal(place.kind, 'private'),
      );
    });
  });
});

const likenesses: Readonly<Record<string, { readonly on: readonly Major[]; readonly clauses: string }>> = {
  'a C locale and another encoding': { on: [oldest, newest], clauses: `encoding 'LATIN1' locale 'C'` },
  // The collation of a whole database since 15.
  'an ICU collation': {
    on: [15, newest],
    clauses: `encoding 'UTF8' locale_provider icu icu_locale 'de-u-co-phonebk' locale 'C'`,
  },
};

describe('a shadow has encoding and collation of the target', () => {
  for (const [name, { on, clauses }] of Object.entries(likenesses))
    for (const major of on)
      for (const wish of ['private', 'same-server'] as const)
        it(`${name}, on a ${wish} PostgreSQL ${major}`, async () => {
          const server = await serverOf(major);
          const likeness = `select concat_ws(' ', pg_encoding_to_char(encoding), datcollate, datctype, to_jsonb(d)->>'datlocprovider',
            to_jsonb(d)->>'datlocale', to_jsonb(d)->>'daticulocale')
          from pg_database d where datname = current_database()`;
          await asAdmin(server, `create database alike template template0 ${clauses}`);
          try {
            const wishes = { login: { database: 'alike' }, wish, binaries: [binariesOf(major)] };
            await withPlace(major, wishes, async (place, log) => {
              const { session } = await place.fresh(emptyBase, never);
              const target = await openSession(plainParameters({ ...server, database: 'alike' }));
              equal(await valueOf(session, likeness), await valueOf(target, likeness));
              await target.close();
              deepEqual(log, []);
            });
          } finally {
            await asAdmin(server, 'drop database alike with (force)');
          }
        });
});

describe('the folders of binaries', () => {
  it('are those that hold a server and answer', async () => {
    await withFolder((folder) => {
      const named = findBinaries([folder, binariesOf(newest)], [`${folder}/nowhere`], {});
      equal(named[0]?.folder, binariesOf(newest));
      equal(
        named.every((it) => existsSync(it.folder)),
        true,
      );
    });
  });
});
