--- schema
create table base (id int, n int);
create table heir (extra int) inherits (base);
create table parts (id int, n int) partition by list (id);
create table parts_1 partition of parts for values in (1, 2);
create table status (status text, n int);
--- rows
insert into base values (1, 1), (2, 2);
insert into heir values (null, 1, 1), (1, 1, null);
insert into parts values (1, 1), (1, 1), (2, null);
insert into status values (null, null), ('a', 1);
--- parents and children
alter table base alter id set not null;
--                     ^^ 23502 1 row of base has no id (column "id" of relation "base" contains null values)
--- only the parent
alter table only base alter n set not null;
--- a key of the parent
alter table base add primary key (id);
--                                ^^ 23502 1 row of base has no id (column "id" of relation "base" contains null values)
--- a key of the child
alter table heir add primary key (id);
--                                ^^ 23502 1 row of heir has no id (column "id" of relation "heir" contains null values)
--- unique in each
alter table base add unique (id);
--- a new column everywhere
alter table base add column x int not null;
--                          ^ 23502 4 rows of base have no x (column "x" of relation "base" contains null values)
--- only the index of the partitioned table
create unique index on only parts (id, n);
--- partitions
create unique index on parts (id, n);
--                     ^^^^^ 23505 2 rows of parts share their id, n with another (could not create unique index "parts_id_n_idx")
--- partitions that have a null
alter table parts alter n set not null;
--                      ^ 23502 1 row of parts has no n (column "n" of relation "parts" contains null values)
--- one partition
alter table parts_1 alter n set not null;
--                        ^ 23502 1 row of parts_1 has no n (column "n" of relation "parts_1" contains null values)
--- a column with the name of its table, by chance
alter table status add column x uuid not null default gen_random_uuid();
alter table status alter x set not null;
--- another column with the name of its table, by chance
alter table base add column base uuid default gen_random_uuid();
alter table base alter base set not null;
