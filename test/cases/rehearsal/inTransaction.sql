--- before
create table t (id int primary key);
--- migration
create index concurrently t_id on t (id);
^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ error 25001 CREATE INDEX CONCURRENTLY cannot run inside a transaction block
vacuum t;
^^^^^^^^ error 25001 VACUUM cannot run inside a transaction block
create database x;
^^^^^^^^^^^^^^^^^ error 25001 CREATE DATABASE cannot run inside a transaction block
alter table t add column a int;
