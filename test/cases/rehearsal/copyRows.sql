--- before
create table t (id int primary key, name varchar(3) not null);
--- migration
copy t (id, name) from stdin;
1	ann
two	bob
^^^ error 22P02 invalid input syntax for type integer: "two"
3	carl
\.
copy t from stdin with (format csv);
1,ann
1,"bob"
2
^ error 22P04 missing data for column "name"
\.
copy t from stdin with (format csv, header);
id,name
7,
^^ error 23502 null value in column "name" of relation "t" violates not-null constraint
\.
select 1;
