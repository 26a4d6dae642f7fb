--- before
create table a (id int primary key);
create table b (id int primary key, a int references a deferrable initially deferred);
--- migration
insert into b values (1, 1);
insert into b values (2, 2);
^^^^^^^^^^^^^^^^^^^^^^^^^^^ error 23503 insert or update on table "b" violates foreign key constraint "b_a_fkey"
