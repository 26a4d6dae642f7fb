--- schema
create table sales (id int, region text, placed date) partition by list (region);
create table sales_a partition of sales for values in ('a');
create table sales_rest partition of sales default;
create table old (id int, region text, placed date);
create table days (id int, day date not null) partition by range (day);
create table days_1 (id int, day date not null);
create table hashed (id int) partition by hash (id);
create table hashed_0 (id int);
create table keyed (id int primary key, n int) partition by range (id);
create table keyed_1 (id int not null, n int);
create table parents (id int primary key);
create table linked (id int, parent int references parents) partition by list (id);
create table linked_1 (id int, parent int);
--- rows
insert into sales values (1, 'a', null), (2, 'b', null), (3, null, null), (4, 'b', null);
insert into old values (1, 'a', null), (2, 'c', null), (3, null, null);
insert into days_1 values (1, '2024-01-01'), (2, '2025-01-01');
insert into hashed_0 values (1), (2), (3), (4), (5);
insert into keyed_1 values (1, 1), (1, 2), (2, 3);
insert into linked_1 values (1, 1), (1, null);
--- attached
alter table sales attach partition old for values in ('c');
--                                 ^^^ 23514 2 rows of old lie outside of its bounds (partition constraint of relation "old" is violated by some row)
--- attached with null
alter table sales attach partition old for values in ('a2', 'c', null);
^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ 23514 1 row of sales_rest belongs to the new partition (updated partition constraint for default partition "sales_rest" would be violated by some row)
--                                 ^^^ 23514 1 row of old lies outside of its bounds (partition constraint of relation "old" is violated by some row)
--- a new one beside the default
create table sales_b partition of sales for values in ('b');
^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ 23514 2 rows of sales_rest belong to the new partition (updated partition constraint for default partition "sales_rest" would be violated by some row)
--- a new one for nobody
create table sales_z partition of sales for values in ('z');
--- a new one for null
create table sales_n partition of sales for values in (null);
^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ 23514 1 row of sales_rest belongs to the new partition (updated partition constraint for default partition "sales_rest" would be violated by some row)
--- by range
alter table days attach partition days_1 for values from ('2024-01-01') to ('2024-12-31');
--                                ^^^^^^ 23514 1 row of days_1 lies outside of its bounds (partition constraint of relation "days_1" is violated by some row)
--- by range that holds all
alter table days attach partition days_1 for values from ('2024-01-01') to (maxvalue);
--- by hash
alter table hashed attach partition hashed_0 for values with (modulus 2, remainder 0);
--                                  ^^^^^^^^ 23514 3 rows of hashed_0 lie outside of its bounds (partition constraint of relation "hashed_0" is violated by some row)
--- with a key
alter table keyed attach partition keyed_1 for values from (0) to (100);
--                                 ^^^^^^^ 23505 2 rows of keyed_1 share their id with another (could not create unique index "keyed_1_pkey")
--- with a foreign key
alter table linked attach partition linked_1 for values in (1);
--                                  ^^^^^^^^ 23503 1 row of linked_1 matches no row of parents by parent (insert or update on table "linked_1" violates foreign key constraint "linked_parent_fkey")
--- default
alter table days attach partition days_1 default;
--- rows that come with it, unknown
alter table days attach partition days_1 default;
alter table days add check (id <> 2);
