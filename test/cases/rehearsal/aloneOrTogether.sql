--- before statements
create table t (id int primary key);
create procedure p() language plpgsql as $$ begin insert into t values (1); commit; insert into t values (2); end $$;
--- do implicit
do $$ begin perform 1; commit; perform 2; end $$;
--- do.down implicit
call p();
--- calls implicit
call p();
^^^^^^^^ error 2D000 invalid transaction termination
select 1;
--- call implicit
call p();
--- local statements
set local search_path to nowhere;
create table u (id int);
create temp table gone (id int) on commit drop;
insert into gone values (1);
--          ^^^^ error 42P01 relation "gone" does not exist
create temp table kept (id int) on commit delete rows;
insert into kept values (1);
select 1 / count(*) from kept;
^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ error 22012 division by zero
set constraints all deferred;
select * from u;
--- lone implicit
lock table t;
^^^^^^^^^^^^ error 25P01 LOCK TABLE can only be used in transaction blocks
--- message implicit
create table v (id int);
savepoint a;
^^^^^^^^^^^ error 25P01 SAVEPOINT can only be used in transaction blocks
insert into v values (1);
rollback to a;
^^^^^^^^^^^^^ error 25P01 ROLLBACK TO SAVEPOINT can only be used in transaction blocks
release a;
^^^^^^^^^ error 25P01 RELEASE SAVEPOINT can only be used in transaction blocks
begin;
savepoint b;
release b;
commit;
savepoint c;
^^^^^^^^^^^ error 25P01 SAVEPOINT can only be used in transaction blocks
select * from v, nope;
--               ^^^^ error 42P01 relation "nope" does not exist
--- message.down implicit
drop table v;
savepoint a;
^^^^^^^^^^^ error 25P01 SAVEPOINT can only be used in transaction blocks
