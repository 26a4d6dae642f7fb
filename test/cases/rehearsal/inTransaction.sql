--- before
create table t (id int primary key);
--- migration
create index concurrently t_id on t (id);
vacuum t;
create database x;
alter table t add column a int;
