/** The development database is only read by checks and previews, whatever stands in the files and wherever the shadow is. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { plainParameters } from '../../server/engine/database/parameters';
import { serverDatabase } from '../../server/engine/database/serverDatabase';
import type { Session } from '../../server/engine/database/session';
import type { EngineOptions } from '../../server/engine/project';
import { demand, shadowsOn, valueOf } from '../shadow/support';
import { withFolder } from '../support/files';
import { assets } from '../support/places';
import { binariesOf, type Major, serverOf, servers, withDatabase } from '../support/servers';
import { withSession } from '../support/session';
import { wholeDump } from '../support/wholeDump';
import { checked, never, on, projectOf, withWorkspace } from './support';

/** Files that would do harm where they run; `@target` is the name of the database, `@url` how to reach it. */
const hostile: Readonly<Record<string, string>> = {
  commits: 'drop table users cascade; commit; drop schema public cascade; begin; create table left_over ();',
  alone: '-- rehearsal: no-transaction\ndrop table users cascade;\ntruncate audit;\nvacuum full;',
  drops:
    '-- rehearsal: no-transaction\ndrop database "@target" with (force);\nalter database "@target" rename to gone;',
  hidden: `do $$ begin execute 'alter database "@target" set search_path to nowhere'; end $$;`,
  roles: 'create role left_over superuser; alter role postgres connection limit 0; grant pg_read_all_data to public;',
  system: `-- rehearsal: no-transaction\nalter system set work_mem to '1GB';\nselect pg_reload_conf();`,
  dblink: `select dblink_exec('@url', 'drop table users cascade');`,
  wrapped: `create function deed() returns text language plpgsql as $$ begin return dblink_exec('@url', 'delete from audit'); end $$;
    create view deeds as select deed();
    select * from deeds;
    select deed();
    create trigger deeds before insert on audit for each row execute function deed();`,
  reached: `insert into users values (2, 'x'); select reach(); update watched set id = 1; select * from reaching;`,
  unnamed: `select 'a'::told; select '{a}'::told[]; insert into holds values (2, 'b'); select ### 'a'; select 1::text::pair;
    alter table audit add column y told default 'x'; alter table holds alter id type bigint;
    create table more (x told); insert into more values ('a'); alter table more add column y told[] default '{a}';
    create function body() returns int language plpgsql as $$ declare x told := 'a'; begin perform '{a}'::told[]; return 1; end $$;
    create function reads() returns told[] language sql as $$ select '{a}'::told[] $$;
    do $$ declare x told; begin x := 'a'; end $$;`,
  replaced: `create function near(text) returns boolean language sql as 'select true';
    create domain nearly as text check (near(value));
    create table holds_nearly (x nearly[]);
    create function notice() returns event_trigger language plpgsql as $$ begin end $$;
    create event trigger notice on ddl_command_end execute function notice();
    create or replace function near(text) returns boolean language plpgsql as $$ begin perform public.reach(); return true; end $$;
    create or replace function notice() returns event_trigger language plpgsql as $$ begin perform public.reach(); end $$;
    insert into holds_nearly values ('{a}');`,
  foreign_: `create server self foreign data wrapper postgres_fdw options (dbname '@target', host '@host', port '@port');
    create user mapping for current_user server self options (user 'postgres', password '@password');
    create foreign table theirs (id int, name text) server self options (table_name 'users');
    insert into theirs values (3, 'y');
    delete from theirs;`,
  files: `copy users to '@folder/users'; copy users to program 'touch @folder/program'; select lo_export(1, '@folder/lo');
    do $$ begin copy users to program 'touch @folder/inside'; end $$;`,
  sessions: `select pg_terminate_backend(pid) from pg_stat_activity where datname = '@target';`,
  psql: '\\connect "@target"\ndrop table users cascade;',
  prepared: `insert into audit values (1); prepare transaction 'left_over';`,
  comments: `comment on database "@target" is 'gone'; reassign owned by postgres to current_user; drop owned by pg_monitor;`,
};

/** On a server of our own they may be run, and are put right afterwards. */
const harmless = new Set(['commits', 'alone', 'hidden', 'roles', 'system', 'sessions', 'prepared', 'comments']);

async function prepareTarget(session: Session, link: string): Promise<void> {
  await demand(
    session,
    'create extension dblink',
    'create extension postgres_fdw',
    'create table users (id int primary key, name text)',
    `insert into users values (1, 'ann')`,
    'create table audit (id int)',
    'create table watched (id int)',
    'insert into watched values (0)',
    // What the live schema already has that reaches outside when it is used.
    `create function reach() returns text language plpgsql as $$ begin return public.dblink_exec('${link}', 'insert into audit values (99)'); end $$`,
    `create function on_write() returns trigger language plpgsql as $$ begin perform public.reach(); return new; end $$`,
    'create trigger on_write before insert or update on users for each row execute function on_write()',
    'create rule on_write as on update to watched do also select reach()',
    'create view reaching as select reach()',
    `create function tell(text) returns boolean language plpgsql immutable as $$ begin perform public.reach(); return true; end $$`,
    'create domain told as text check (tell(value))',
    `create table holds (id int primary key, x told, many told[] default '{a}', check (tell(id::text)))`,
    `insert into holds values (1, 'a')`,
    'create index on holds (tell(x))',
    'create operator ### (rightarg = text, function = tell)',
    'create type pair as (one told, two int)',
    `create function pairs(text) returns pair language plpgsql as $$ begin perform public.reach(); return null; end $$`,
    'create cast (text as pair) with function pairs(text)',
    'create function notices() returns event_trigger language plpgsql as $$ begin perform public.reach(); end $$',
    'create event trigger notices on ddl_command_end execute function notices()',
  );
}

/** All that can be seen of the database and of what it shares with others. */
async function stateOf(url: string, major: Major): Promise<readonly unknown[]> {
  const { host, port, user, password } = await serverOf(major);
  const database = new URL(url).pathname.slice(1);
  const dump = await wholeDump(serverDatabase(plainParameters({ host, port, user, password, database }), assets));
  return withSession(url, async (session) => [
    dump,
    await valueOf(session, `select string_agg(pg_authid::text, ' ' order by oid) from pg_authid`),
    await valueOf(
      session,
      `select string_agg(pg_auth_members::text, ' ' order by roleid, member) from pg_auth_members`,
    ),
    await valueOf(
      session,
      `select string_agg(concat(oid, datname, datacl, datdba), ' ' order by oid) from pg_database where datname !~ '^rehearsal_'`,
    ),
    await valueOf(
      session,
      `select string_agg(pg_db_role_setting::text, ' ') from pg_db_role_setting
          where setdatabase not in (select oid from pg_database where datname ~ '^rehearsal_shadow_')`,
    ),
    await valueOf(session, `select string_agg(concat(name, setting), ' ') from pg_file_settings`),
    await valueOf(
      session,
      `select string_agg(pg_shdescription::text, ' ') from pg_shdescription where description !~ 'shadow of Rehearsal'`,
    ),
    await valueOf(session, 'select count(*)::int from pg_prepared_xacts'),
    await written(session),
  ]);
}

const written = (session: Session): Promise<unknown> =>
  valueOf(
    session,
    `select concat_ws(' ', tup_inserted, tup_updated, tup_deleted) from pg_stat_database where datname = current_database()`,
  );

/** Until PostgreSQL 14 another process counts what was written, and hears of it up to half a second later. */
async function counted(url: string): Promise<void> {
  let last: unknown;
  for (let now: unknown = '0 0 0'; now === '0 0 0' || now !== last; now = await withSession(url, written)) {
    last = now;
    await delay(1_000);
  }
}

const places: Readonly<Record<string, (major: Major, url: string) => Pick<EngineOptions, 'shadow' | 'binaries'>>> = {
  'a server of our own': (major) => ({ shadow: 'private', binaries: [binariesOf(major)] }),
  "the target's own server": () => ({ shadow: 'same-server', binaries: [] }),
  'a server that the user names': (_, url) => ({ shadow: { url }, binaries: [] }),
  'the embedded engine': () => ({ shadow: 'embedded', binaries: [] }),
};

describe('the development database is never written', () => {
  for (const major of [servers.oldest, servers.newest])
    for (const [where, options] of Object.entries(places))
      it(`with the shadow on ${where}, of PostgreSQL ${major}`, async function () {
        // Some forty checks: two minutes on a machine that others use.
        this.timeout(600_000);
        await withDatabase(major, (url) =>
          withFolder(async (folder) => {
            const { host, port, password } = await serverOf(major);
            const target = new URL(url).pathname.slice(1);
            const link = `dbname=${target} host=${host} port=${port} user=postgres password=${password}`;
            const values: Readonly<Record<string, string>> = {
              target,
              url: link,
              host,
              port: String(port),
              password,
              folder,
            };
            const files = Object.entries(hostile).map(([name, text]): [string, string] => [
              name,
              text.replaceAll(/@(\w+)/g, (_, key: string) => values[key] ?? key),
            ]);
            await withSession(url, (session) => prepareTarget(session, link));
            await withWorkspace({ 'migrations/001_x.sql': 'select 1;' }, async ({ engine, write, path }) => {
              // Another process of the developer's: it must not notice anything.
              await withSession(url, async (bystander) => {
                await demand(bystander, 'select 1');
                await counted(url);
                const before = await stateOf(url, major);
                const project = await projectOf(engine({ ...options(major, url), target: on(url) }));
                for (const [name, text] of files) {
                  write('migrations/001_x.sql', text);
                  const pending = await checked(project);
                  ok(pending.findings.length > 0 || harmless.has(name), `nothing is said of ${name}`);
                  await checked(project, [path('migrations/001_x.sql')]);
                  if (name === 'commits' || name === 'reached') await project.preview('pending', never);
                }
                deepEqual(await stateOf(url, major), before);
                equal(bystander.lost, false);
                await demand(bystander, 'select 1');
                for (const name of ['users', 'program', 'lo', 'inside']) ok(!existsSync(join(folder, name)), name);
              });
            });
            await withSession(url, async (session) => deepEqual(await shadowsOn(session), []));
          }),
        );
      });
});
