--- migration
set transaction isolation level serializable;
create table t (id int);
copy t from stdin with (freeze);
1
2
\.
select 1 / 0;
^^^^^^^^^^^^ error 22012 division by zero
select count(*) from t;
