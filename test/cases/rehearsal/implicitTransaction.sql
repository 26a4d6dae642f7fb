--- before statements
create table t (id int primary key);
--- alone implicit
create index concurrently t_id on t (id);
--- together implicit
create index concurrently t_id2 on t (id);
select 1;
--- own implicit
begin;
create table u (id int);
commit;
select * from u;
vacuum t;
