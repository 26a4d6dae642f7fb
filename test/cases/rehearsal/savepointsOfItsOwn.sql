--- migration
create table t (id int primary key);
savepoint a;
insert into t values (1);
insert into t values (1);
--          ^ error 23505 duplicate key value violates unique constraint "t_pkey"
rollback to a;
insert into t values (1);
rollback to nowhere;
--          ^^^^^^^ error 3B001 savepoint "nowhere" does not exist
release a;
release a;
--      ^ error 3B001 savepoint "a" does not exist
select nope from t;
--     ^^^^ error 42703 column "nope" does not exist
--- alone statements
savepoint a;
^^^^^^^^^^^ error 25P01 SAVEPOINT can only be used in transaction blocks
lock table t;
^^^^^^^^^^^^ error 25P01 LOCK TABLE can only be used in transaction blocks
declare c cursor for select 1;
^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ error 25P01 DECLARE CURSOR can only be used in transaction blocks
select * from t;
