--- one
create table a (id int primary key);
create tabel b (id int primary key, a int references a);
--- two
alter table a add column x int;
alter table b add column x int;
--- three
select x, y from a;
