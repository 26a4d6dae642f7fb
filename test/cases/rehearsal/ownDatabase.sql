--- first
create schema app;
alter database shop set search_path to app;
comment on database shop is 'Everything we sell';
create role seller;
grant connect, temporary on database shop to seller;
alter role seller in database shop set statement_timeout to '5s';
alter database shop owner to seller;
alter database shop connection limit 20;
do $$
begin
  if current_database() <> 'shop' then
    raise exception 'this is %', current_database();
  end if;
  execute format('alter database %I set timezone to %L', current_database(), 'UTC');
end $$;
alter database shopp set timezone to 'UTC';
--             ^^^^^ error 3D000 database "shopp" does not exist
alter database shop rename to store;
^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ error 0A000 current database cannot be renamed
drop database shop;
^^^^^^^^^^^^^^^^^^ error 25001 DROP DATABASE cannot run inside a transaction block
--- second
create table in_app ();
--- third
select from app.in_app;
alter database shop reset search_path;
--- third.down
select from in_app;
--          ^^^^^^ error 42P01 relation "in_app" does not exist
create table in_public ();
select from public.in_public;
--- alone statements
alter database shop is_template true;
vacuum;
grant all on database shop to seller;
revoke all on database shop from seller;
select 1 / (current_database() = 'shop')::int;
create database shop;
--              ^^^^ error 42P04 database "shop" already exists
--- last
alter database shop is_template false;
