--- 1 together
create type mood as enum ('sad');
create table t (id int primary key, m mood);
set local statement_timeout = '7s';
--- 2 together
alter type mood add value 'ok';
--- 3 together
create index concurrently t_m on t (m);
^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ error 25001 CREATE INDEX CONCURRENTLY cannot run inside a transaction block
--- 4 together
select 1 / (setting = '7000')::int from pg_settings where name = 'statement_timeout';
select m from t where id = x;
--                         ^ error 42703 column "x" does not exist
savepoint s;
create table u (id int);
rollback to s;
--- 5 together
select * from u;
--            ^ error 42P01 relation "u" does not exist
vacuum t;
^^^^^^^^ error 25001 VACUUM cannot run inside a transaction block
