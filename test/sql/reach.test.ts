/** Statements that reach outside their database are seen, and the others are left alone. */
import { deepEqual, equal } from 'node:assert/strict';
import { loadParser, shapeOf } from '../../server/engine/sql/parse';
import { reachesOfBody } from '../../server/engine/sql/reach';

before(loadParser);

/** `where: says`, sorted; the command or function in parentheses only. */
const reaches = (sql: string): string =>
  shapeOf(sql)
    .reaches.map(({ where, says }) => `${where} ${/\(([^()]*)\)$/.exec(says)?.[1] ?? says}`)
    .toSorted()
    .join(', ');

function table(expected: string, ...statements: readonly string[]): void {
  for (const sql of statements) it(sql, () => equal(reaches(sql), expected));
}

describe('reaching the whole server', () => {
  table('cluster CREATE ROLE', 'create role r', `create role r login password 'x'`, 'CREATE /* a */ ROLE "R"');
  table('cluster CREATE USER', 'create user u');
  table(
    'cluster ALTER ROLE',
    'alter role r set work_mem to 1',
    'alter role r in database d reset all',
    'alter role all nologin',
  );
  table('cluster DROP GROUP', 'drop group if exists g');
  table(
    'cluster GRANT',
    'grant a, "b c" to c with admin option',
    'grant create on database d to r',
    'grant set on parameter x to r',
  );
  table('cluster REVOKE', 'revoke admin option for a from b', 'revoke a from b', 'revoke all on tablespace t from r');
  table('cluster CREATE DATABASE', 'create database d', 'create database d template x strategy file_copy');
  table('cluster ALTER DATABASE', 'alter database d set work_mem = 1', 'alter database d owner to r');
  table('cluster DROP DATABASE', 'drop database if exists d with (force)');
  table('cluster COMMENT ON DATABASE', `comment on database d is 'x'`);
  table('cluster COMMENT ON ROLE', `comment on role r is 'x'`);
  table('cluster SECURITY LABEL FOR SELINUX ON ROLE', `security label for selinux on role r is 'x'`);
  table('cluster DROP TABLESPACE', 'drop tablespace t');
  table('cluster ALTER SYSTEM', `alter system set work_mem = '1MB'`, 'alter system reset all');
  table(
    'cluster UPDATE',
    'update pg_database set datallowconn = false',
    'update only pg_catalog.pg_authid set rolname = $$a$$',
    'with u as (update pg_database set datallowconn = false returning 1) select * from u',
    'explain analyze update pg_database set datallowconn = false',
    'create rule r as on insert to t do also update pg_catalog.pg_database set datallowconn = false',
  );
  table(
    'cluster EXECUTE of what it is given',
    'do $$ declare s text; begin for s in select c from q loop execute s; end loop; end $$',
    "do $$ begin execute current_setting('app.code'); end $$",
  );
  table('cluster DROP OWNED', 'drop owned by r cascade');
  table('cluster REASSIGN OWNED', 'reassign owned by a to b');
  table('cluster PREPARE TRANSACTION', `prepare transaction 'x'`);
  table('cluster pg_terminate_backend', 'select pg_terminate_backend(pid) from pg_stat_activity where true');
  table('cluster pg_reload_conf', 'select pg_reload_conf()', 'create table t as select pg_catalog."pg_reload_conf"()');
  table('cluster pg_create_logical_replication_slot', `select * from pg_create_logical_replication_slot('a', 'b')`);
});

describe('reaching the machine', () => {
  table(
    'machine COPY … PROGRAM',
    `copy t from program 'ls'`,
    `copy (select 1) to program $$ls$$`,
    `COPY t (a, b) TO PROGRAM E'ls'`,
  );
  table('machine COPY … FROM', `copy t from '/etc/passwd'`, `copy t (a) from 'x' with (format csv)`);
  table('machine COPY … TO', `copy (select 'a' from t) to '/tmp/x'`);
  table('machine LOAD', `load 'auto_explain'`);
  table(
    'machine pg_read_file',
    `select pg_read_file('x')`,
    `insert into t select regexp_split_to_table(pg_read_file('x'), ',')`,
  );
  table('machine pg_ls_dir', `select * from pg_ls_dir('.') as f where f > 'a'`);
  table('machine pg_file_write', `select pg_file_write('a', 'b', false)`);
  table('machine lo_import', `select lo_import('/etc/passwd')`, `update t set a = lo_import('/x')`);
  table('machine lo_export', 'select lo_export(1, $$x$$)');
  table(
    'machine dblink',
    `select * from dblink('a', 'b') as t(id int)`,
    `create materialized view v as select dblink('a', 'b')`,
  );
  table('machine dblink_exec', `call p((select dblink_exec('a', 'b')))`);
  table('machine IMPORT FOREIGN SCHEMA', 'import foreign schema a from server s into b');
  table('machine CREATE SUBSCRIPTION', `create subscription s connection 'x' publication p`);
  table('machine DROP SUBSCRIPTION', 'drop subscription s');
  table('machine CREATE TABLESPACE', `create tablespace t location '/x'`);
  table(
    'machine CREATE FUNCTION',
    `create function f() returns int language c as 'a', 'b'`,
    `create function f() returns int as 'x' language "plpython3u"`,
  );
  table(
    'machine CREATE OR REPLACE FUNCTION',
    `create or replace function f(language c) returns int language 'plperlu' as ''`,
  );
  table('machine DO', `do language plpython3u 'x'`, `do 'x' language plperlu`);
  table('machine CREATE LANGUAGE', 'create language plpython3u');
  table('machine CREATE TRUSTED LANGUAGE', 'create trusted language x handler h');
  table(
    'machine CREATE EXTENSION',
    'create extension plpython3u',
    'create extension if not exists "jsonb_plperlu" cascade',
  );
  table(
    'machine ALTER SYSTEM',
    `alter system set archive_command = 'x'`,
    `alter system set "shared_preload_libraries" to 'x'`,
  );
  table('machine ALTER ROLE', `alter role r set session_preload_libraries = 'x'`);
});

describe('reaching out from where it is kept', () => {
  table(
    'machine pg_read_file',
    'create operator ### (rightarg = text, function = pg_read_file)',
    'create cast (text as x) with function pg_read_file(text)',
    `create table t (a text default pg_read_file('x'))`,
    `create policy p on t using (pg_read_file('x') = '')`,
    `create rule r as on insert to t do also select pg_read_file('x')`,
    `prepare p as select pg_read_file('x')`,
  );
});

describe('reaching nothing', () => {
  table(
    '',
    'create table dblink (id int)',
    'insert into dblink (id) values (1)',
    'drop function pg_read_file(text)',
    'grant execute on function pg_read_file(text) to r',
    'revoke all on function dblink(text) from public',
    'grant select, insert on t to r',
    'grant usage on schema s to r with grant option',
    'grant all on all tables in schema s to r',
    'grant usage on foreign server s to r',
    'grant select on large object 1 to r',
    'alter default privileges for role r grant select on tables to x',
    'create user mapping for u server s',
    'alter user mapping for u server s options (set password $$x$$)',
    'create server s foreign data wrapper postgres_fdw',
    `create foreign table t (a int) server s`,
    'create extension citext',
    'create extension if not exists dblink',
    'create extension plpgsql',
    'create language plpgsql',
    `copy t from stdin with (delimiter ',', null '')`,
    `copy t to stdout csv quote ''''`,
    `copy t ("from", "to") from stdin`,
    `create function f() returns int language sql as 'select 1'`,
    `create function language_c(c text) returns text language plpgsql as $$ begin return 'alter system'; end $$`,
    'create table role (id int)',
    'create table t (a int) tablespace fast',
    'alter table t owner to r',
    'alter table all in tablespace a set tablespace b',
    `select set_config('work_mem', '1MB', false), pg_notify('a', 'b'), pg_advisory_lock(1), lo_create(1)`,
    'notify a',
    `comment on table t is 'copy t from program'`,
    `insert into faq values ('alter system set x'), ('create role r')`,
    `do $$ begin raise notice 'create role r'; execute 'select 1'; end $$`,
    `do $$ begin /* pg_read_file('x') */ perform 1; -- alter system\n end $$`,
    `do $$ declare role text := 'create role'; begin if role = 'alter system' then role := ''; end if; end $$`,
    'set local preload to x',
    `select has_function_privilege('r', 'pg_ls_logicalmapdir()', 'execute')`,
    `do $$ begin execute 'select 1' using 'dblink(text)'::regprocedure; end $$`,
    'update pg_enum set enumlabel = 1',
    'select * from pg_database',
    'set role r',
    'reset role',
    'begin',
    'alter publication p add table t',
  );
});

describe('reaching out of code', () => {
  table(
    'cluster CREATE ROLE',
    'do $$ begin create role r; end $$',
    `do $$ begin if true then create role r; end if; end $$`,
  );
  table(
    'cluster CREATE ROLE',
    `do $$ begin execute 'create role r'; end $$`,
    `do $$ begin execute 'create ' || 'role ' || quote_ident('r'); end $$`,
    `do $$ begin execute format('create role %I', 'r'); end $$`,
    `do $$ begin execute format($f$create role %I$f$, 'r'); end $$`,
    `do $$ declare s text := 'create role r'; begin execute s; end $$`,
    `do 'begin execute ''create role r''; end'`,
    `do $a$ begin execute 'do $b$ begin execute ''create role r''; end $b$'; end $a$`,
    `do $$ begin for a in select 1 loop execute 'begin; create role r'; end loop; end $$`,
    `select exec('create role r')`,
  );
  table(
    'machine COPY … PROGRAM',
    `do $$ begin copy t from program 'ls'; end $$`,
    `do $$ begin execute 'copy t from program ''ls'''; end $$`,
  );
  table(
    'machine pg_read_file',
    `do $$ declare a text := pg_read_file('x'); begin end $$`,
    `select query_to_xml('select pg_read_file(1)', true, true, '')`,
  );
  table(
    'cluster CREATE ROLE',
    `do $$ begin execute concat('cre', 'ate role r'); end $$`,
    `do $$ begin execute format('%s role %I', 'cre' || 'ate', 'r'); end $$`,
    `do $$ begin execute format('%2$s role %1$I', 'r', 'create'); end $$`,
    `do $$ begin execute array_to_string(array['cre', 'ate role r'], ''); end $$`,
    `do $$ declare a text := 'create '; b text := 'role r'; begin execute a || b; end $$`,
  );
  table(
    'cluster pg_terminate_backend',
    `do $$ declare f text := 'pg_terminate' || '_backend'; begin execute format('select %s(1)', f); end $$`,
    `do $$ begin execute 'select ' || 'pg_catalog.pg_terminate_backend' || '(1)'; end $$`,
  );
  table('machine reverse', `do $$ begin execute reverse('r elor etaerc'); end $$`);
  table('machine query_to_xml', `select query_to_xml('sel' || 'ect 1', true, true, '')`);
  table('machine table_to_xml', `select table_to_xml('t'::regclass, true, true, '')`);
  table(
    'machine replace',
    `do $$ begin execute replace('s~elect 1', '~', ''); execute 'select 1'; end $$`,
    `do $$ declare r int; begin execute format(replace('s~elect %s', '~', ''), 1) into r; end $$`,
  );
  it('not by what is replaced elsewhere than in what is executed', () =>
    equal(reaches(`do $$ begin execute 'analyze t'; perform replace('a', 'b', 'c'); end $$`), ''));
  table('machine chr', `do $$ begin execute chr(67) || 'reate role r'; end $$`);
  table('machine convert_from', `do $$ begin execute convert_from('\\x63'::bytea, 'UTF8'); end $$`);
  table(
    '',
    `do $$ begin execute 'select 1' || chr(10) || 'from t'; end $$`,
    `do $$ begin perform reverse('a'); end $$`,
    `do $$ begin execute format('alter table %I add column %I int', 'role', 'system'); end $$`,
  );
  table('machine pg_read_file', `selec pg_read_file('x')`, `select (select pg_read_file('x')`);
  table('machine dblink_connect', `do $$ begin perform public.dblink_connect('a'); end $$`);

  const query = `(select ${'1, '.repeat(1000)}1)`;
  it('is seen behind what is long', () => {
    equal(reaches(`copy ${query} to program 'x'`), 'machine COPY … PROGRAM');
    equal(reaches(`do $$ begin copy ${query} to '/x'; end $$`), 'machine COPY … TO');
    equal(reaches(`select '${'x'.repeat(1_000_000)}', lo_export(1, 'x')`), 'machine lo_export');
    equal(reaches(`copy (select '${'x'.repeat(1_000_000)}') to program 'x'`), 'machine COPY … PROGRAM');
  });

  table(
    'machine lo_export',
    String.raw`select '\'', lo_export(1, $a$x$a$), ' --'`,
    String.raw`do $$ begin perform '\'', lo_export(1, ''); end $$`,
    `do $$ begin perform query_to_xml('select lo_export(1, '''')', true, false, ''); end $$`,
  );
  table('', String.raw`select 'lo_export(1)' like 'x' escape '\'`);
  table('machine schema_to_xml', `select schema_to_xml('public', true, false, '')`);
  table('machine http', `select http(('GET', 'x', null, null, null))`);
  table('machine UPDATE', `update pg_catalog.pg_proc set prosrc = 'x'`);

  it('is told of a body alone', () => {
    deepEqual(reachesOfBody(`select lo_export(1, 'x') from t`, 'sql'), {
      reaches: [{ where: 'machine', says: 'writes files of the database server (lo_export)' }],
      calls: new Set(['t', 'lo_export']),
    });
    equal(reachesOfBody(`plv8.execute("select 1"); plv8.execute('alter system reset all')`, 'plv8').reaches.length, 1);
    equal(reachesOfBody(`select 'alter system reset all'`, 'sql').reaches.length, 0);
  });
});
