--- 1 together
create schema s;
set search_path = s;
create temp table scratch (id int);
--- 2 together
create table t (id int);
insert into scratch values (1);
--- 3 together
select * from s.t, scratch where x = 1;
--                               ^ error 42703 column "x" does not exist
--- 4 together
drop table s.t;
