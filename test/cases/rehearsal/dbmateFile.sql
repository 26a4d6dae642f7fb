--- 1
-- migrate:up
create table users (id serial primary key, name text not null);
insert into users (name) values ('ann');

-- migrate:down
drop table users;
drop table userz;
--         ^^^^^ error 42P01 table "userz" does not exist

-- migrate:up transaction:false
create index concurrently users_name on users (name);

-- migrate:down transaction:false
drop index concurrently users_name;
^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ error 25001 DROP INDEX CONCURRENTLY cannot run inside a transaction block
drop index concurrently users_nme;
^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ error 25001 DROP INDEX CONCURRENTLY cannot run inside a transaction block
--- 2
-- migrate:up
insert into users (id, name) values (1, 'bob');
--          ^^^^^ error 23505 duplicate key value violates unique constraint "users_pkey"
-- migrate:down
delete from users where nam = 'bob';
--                      ^^^ error 42703 column "nam" does not exist
