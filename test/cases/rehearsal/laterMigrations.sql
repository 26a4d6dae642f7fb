--- one
create table a (id int primary key);
create tabel b (id int primary key, a int references a);
--     ^^^^^ error 42601 syntax error at or near "tabel"
--- two
alter table a add column x int;
alter table b add column x int;
--          ^ error 42P01 relation "b" does not exist (follows from one)
--- three
select x, y from a;
--        ^ error 42703 column "y" does not exist
