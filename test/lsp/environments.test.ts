/** What the editor asks about environments: their list, what is there, what would happen, apply there, and bundles. */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { uriOf } from '../../server/language/uri';
import {
  ApplyThereRequest,
  BundleRequest,
  CompareSchemasRequest,
  EnvironmentStateRequest,
  ListEnvironmentsRequest,
  RehearseThereRequest,
} from '../../server/protocol/environments';
import { ListProjectsRequest } from '../../server/protocol/messages';
import { type Running, withLanguageServer } from '../support/languageServer';
import { refuses } from '../support/refusals';
import { binariesOf, servers, withDatabase } from '../support/servers';
import { withSession } from '../support/session';

const migration = (up: string, down: string): string => `-- migrate:up\n${up}\n-- migrate:down\n${down}\n`;

const files = {
  'db/migrations/1_users.sql': migration('create table users (id int primary key);', 'drop table users;'),
  'db/migrations/2_more.sql': migration('alter table users add name text;', 'alter table users drop name;'),
  '.rehearsal/environments.json': JSON.stringify({
    production: { variable: 'PRODUCTION', role: 'production' },
    gone: { connection: 'postgres://me@localhost:1/gone', role: 'staging' },
  }),
};

const chooseDatabase = 'rehearsal.chooseDatabase';

const consent = { disconnect: false, snapshot: false, progress: 'p1' };

const inEditor = (use: (running: Running, folder: string, urls: { production: string }) => Promise<void>) =>
  withDatabase(servers.newest, (development) =>
    withDatabase(servers.newest, (production) => {
      const { username, host, pathname } = new URL(production);
      const environments = {
        bare: { connection: `postgres://${username}@${host}${pathname}`, role: 'staging', readOnly: true },
      };
      return withLanguageServer(
        {
          files,
          environment: { DATABASE_URL: development, PRODUCTION: production },
          initializationOptions: { settings: { postgresBinaries: [binariesOf(servers.newest)], environments } },
        },
        (running) => use(running, uriOf(running.path('db/migrations')), { production }),
      );
    }),
  );

describe('environments in the editor', function () {
  this.timeout(240_000);

  it('are listed without a connection, and asked by name', () =>
    inEditor(async ({ editor: { connection } }, folder, { production }) => {
      const listed = await connection.sendRequest(ListEnvironmentsRequest, { folder });
      deepEqual(
        listed.map(({ name, role, readOnly, source }) => [name, role, readOnly, source]),
        [
          ['bare', 'staging', true, 'rehearsal.environments'],
          ['production', 'production', false, '.rehearsal/environments.json'],
          ['gone', 'staging', false, '.rehearsal/environments.json'],
        ],
      );
      const databases = new URL(production).pathname.slice(1);
      equal(await sessionsOn(production), 0, 'nobody was connected');
      const state = await connection.sendRequest(EnvironmentStateRequest, { folder, environment: 'production' });
      equal(state.target.name, databases);
      deepEqual(
        state.migrations.map(({ version, state: it }) => `${version} ${it}`),
        ['1 pending', '2 pending'],
      );
      const ask = (environment: string, more: object = {}) =>
        connection.sendRequest(EnvironmentStateRequest, { folder, environment, ...more });
      await refuses(ask('gone'), 'no-server', /Postgres does not answer/, chooseDatabase);
      await refuses(ask('bare'), 'wrong-password', /Postgres refused the login/, chooseDatabase);
      const { login = '' } = listed.find(({ name }) => name === 'bare') ?? {};
      const { password: value } = new URL(production);
      const elsewhere = { login: `${login}_of_another`, value };
      await refuses(ask('bare', { password: elsewhere }), 'wrong-password', /none is known/, chooseDatabase);
      equal((await ask('bare', { password: { login, value } })).migrations.length, 2);
      equal((await ask('bare')).migrations.length, 2, 'it is known until the server ends');
      await refuses(ask('bar'), 'no-such-environment', /bare/);
    }));

  it('are rehearsed with their schema, and changed by name after that', () =>
    inEditor(async ({ editor: { connection } }, folder, { production }) => {
      const place = { folder, environment: 'production' };
      const confirmedName = new URL(production).pathname.slice(1);
      const apply = (more: object = {}) => connection.sendRequest(ApplyThereRequest, { ...place, ...consent, ...more });
      await refuses(apply({ confirmedName }), 'not-rehearsed', /not rehearsed with its schema/);
      await withSession(production, (session) => session.run('create table by_hand ()'));
      const { pending, found, rehearsedOn } = await connection.sendRequest(RehearseThereRequest, place);
      deepEqual([pending.map(({ version }) => version), found], [['1', '2'], []]);
      match(rehearsedOn, new RegExp(`schema of ${confirmedName}@`));
      await refuses(apply(), 'production-target', /after its name/);
      deepEqual((await apply({ confirmedName })).kind, 'done');
      const { migrations } = await connection.sendRequest(EnvironmentStateRequest, place);
      deepEqual(
        migrations.map(({ state }) => state),
        ['applied', 'applied'],
      );
      const [project] = await connection.sendRequest(ListProjectsRequest);
      deepEqual(
        project?.migrations.map(({ state }) => state),
        ['pending', 'pending'],
        'the target of the editor is another one',
      );
    }));

  it('are compared, each without its usual owner', () =>
    inEditor(async ({ editor: { connection } }, folder, { production }) => {
      await withSession(production, (session) => session.run('create table by_hand (id int)'));
      const place = { folder, environment: 'production' };
      const { there, beside } = await connection.sendRequest(CompareSchemasRequest, place);
      match(there, /CREATE TABLE public\.by_hand/);
      equal(beside.includes('by_hand'), false);
      const same = await connection.sendRequest(CompareSchemasRequest, { ...place, beside: place });
      equal(same.there, same.beside);
    }));

  it('get a bundle, also where they are only read', () =>
    inEditor(async ({ editor: { connection }, path, write }, folder, { production }) => {
      const items = await connection.sendRequest(ListEnvironmentsRequest, { folder });
      const login = items.find(({ name }) => name === 'bare')?.login ?? '';
      const place = { folder, environment: 'bare', password: { login, value: new URL(production).password } };
      const bundle = (out: string) => connection.sendRequest(BundleRequest, { ...place, out: uriOf(path(out)) });
      const result = await bundle('release');
      ok(result.kind === 'written' && existsSync(path('release/apply.sql')), JSON.stringify(result));
      deepEqual(
        [result.versions, result.withoutDown, result.readme],
        [['1', '2'], [], uriOf(path('release/README.txt'))],
      );
      await refuses(bundle('release'), 'not-empty', /is not empty/);
      await refuses(
        connection.sendRequest(ApplyThereRequest, { ...place, ...consent, confirmedName: 'any' }),
        'read-only-target',
        /only ever read/,
      );
      write('db/migrations/3_wrong.sql', migration('alter table nowhere add a int;', ''));
      await connection.sendNotification('workspace/didChangeWatchedFiles', {
        changes: [{ uri: uriOf(path('db/migrations/3_wrong.sql')), type: 1 }],
      });
      const refused = await bundle('other');
      deepEqual(refused.kind === 'refused' && refused.found.map(({ version, errors }) => [version, errors?.count]), [
        ['3', 1],
      ]);
    }));
});

const sessionsOn = (url: string): Promise<number> => {
  const name = new URL(url).pathname.slice(1);
  const server = new URL(url);
  server.pathname = '/postgres';
  return withSession(server.href, async (session) => {
    const [row] = await session.rows<{ count: number }>(
      'select count(*)::int from pg_stat_activity where datname = $1',
      [name],
    );
    return row?.count ?? -1;
  });
};
