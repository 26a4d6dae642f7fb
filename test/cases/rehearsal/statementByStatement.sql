--- before statements
create type mood as enum ('sad');
create table t (id int primary key);
--- migration statements
alter type mood add value 'happy';
create table people (m mood default 'happy');
create index concurrently t_id on t (id);
vacuum t;
begin;
alter table t add column a int;
alter table t add column a int;
--                       ^ error 42701 column "a" of relation "t" already exists
commit;
alter table t add column b mood;
