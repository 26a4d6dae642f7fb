--- one
create table a (id int primary key);
create table b (id int primary key, a int references a);
set search_path to pg_catalog;
--- one.down
drop table a;
--         ^ error 2BP01 cannot drop table a because other objects depend on it
drop table b;
drop table nope;
--         ^^^^ error 42P01 table "nope" does not exist
--- two statements
create table c (id int primary key);
create index concurrently c_id on c (id);
--- two.down statements
drop index concurrently c_id;
drop table c;
drop table c;
--         ^ error 42P01 table "c" does not exist
--- three
alter table a add column x int;
--- three.down
alter table a drop column y;
--                        ^ error 42703 column "y" of relation "a" does not exist
