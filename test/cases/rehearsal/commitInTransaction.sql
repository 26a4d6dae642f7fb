--- migration
create table t (id int primary key);
commit;
create index concurrently t_id on t (id);
create type mood as enum ('sad');
alter type mood add value 'happy';
select 'happy'::mood;
begin;
alter type mood add value 'glad';
select 'glad'::mood;
--     ^^^^^^ error 55P04 unsafe use of new value "glad" of enum type mood
commit;
select 'glad'::mood;
insert into t values (1), (1);
--          ^ error 23505 duplicate key value violates unique constraint "t_pkey"
--- procedure statements
create table n (id int primary key);
create procedure p(n int) language plpgsql as $$ begin insert into n values (n); commit; insert into n values (n + 1); end $$;
call p(1);
call p(1);
^^^^^^^^^ error 23505 duplicate key value violates unique constraint "n_pkey"
--- inTransaction
call p(10);
^^^^^^^^^^ error 2D000 invalid transaction termination
