--- before statements
create table t (id int primary key);
--- alone implicit
create index concurrently t_id on t (id);
--- together implicit
create index concurrently t_id2 on t (id);
^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ error 25001 CREATE INDEX CONCURRENTLY cannot run inside a transaction block
select 1;
--- own implicit
begin;
create table u (id int);
commit;
select * from u;
vacuum t;
^^^^^^^^ error 25001 VACUUM cannot run inside a transaction block
