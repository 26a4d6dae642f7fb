--- migration
set transaction isolation level serializable;
create table t (id int);
copy t from stdin with (freeze);
1
2
\.
select 1 / 0;
select count(*) from t;
