--- migration
create table t (id int,);
create table u (id int
--- two
selct 1;
select 'open;
