--- migration
create table t (id int primary key);
prepare p as select * from t;
execute p;
prepare transaction 'x';
create table u (id int primary key);
listen things;
notify things;
select pg_advisory_lock(1), pg_try_advisory_lock(2);
create temp table tt (id int);
--- two
execute p;
--      ^ error 26000 prepared statement "p" does not exist
select * from tt;
--            ^^ error 42P01 relation "tt" does not exist
