--- schema
create table customers (id int primary key, region text, code text collate "C", unique (id, region), unique (code));
create table orders (id int primary key, customer int, region text, code text, parent int, big bigint);
create table regions (name text primary key) ;
create table parts (id int, customer int) partition by range (id);
create table parts_1 partition of parts for values from (0) to (100);
alter table orders add constraint later foreign key (customer) references customers not valid;
--- rows
insert into customers values (1, 'a', 'x'), (2, 'b', 'y');
alter table orders drop constraint later;
insert into orders values (1, 1, 'a', 'x', null, 1), (2, 7, 'a', 'q', 1, 2), (3, null, 'b', null, 9, null), (4, 2, 'a', 'y', 2, 900), (5, 8, null, null, 5, null);
alter table orders add constraint later foreign key (customer) references customers not valid;
insert into parts values (1, 1), (2, 3);
--- one column
alter table orders add foreign key (customer) references customers;
--          ^^^^^^ 23503 2 rows of orders match no row of customers by customer (insert or update on table "orders" violates foreign key constraint "orders_customer_fkey")
--- named, of another type
alter table orders add constraint big_customer foreign key (big) references customers (id);
--          ^^^^^^ 23503 1 row of orders matches no row of customers by big (insert or update on table "orders" violates foreign key constraint "big_customer")
--- two columns
alter table orders add foreign key (customer, region) references customers (id, region);
--          ^^^^^^ 23503 2 rows of orders match no row of customers by customer, region (insert or update on table "orders" violates foreign key constraint "orders_customer_region_fkey")
--- two columns, all or nothing
alter table orders add foreign key (customer, region) references customers (id, region) match full;
--          ^^^^^^ 23503 4 rows of orders match no row of customers by customer, region (insert or update on table "orders" violates foreign key constraint "orders_customer_region_fkey")
--- to itself
alter table orders add foreign key (parent) references orders;
--          ^^^^^^ 23503 1 row of orders matches no row of orders by parent (insert or update on table "orders" violates foreign key constraint "orders_parent_fkey")
--- another collation
alter table orders add foreign key (code) references customers (code);
--          ^^^^^^ 23503 1 row of orders matches no row of customers by code (insert or update on table "orders" violates foreign key constraint "orders_code_fkey")
--- not valid
alter table orders add foreign key (customer) references customers not valid;
--- validated
alter table orders validate constraint later;
--          ^^^^^^ 23503 2 rows of orders match no row of customers by customer (insert or update on table "orders" violates foreign key constraint "later")
--- to an empty table
alter table orders add foreign key (region) references regions;
--          ^^^^^^ 23503 4 rows of orders match no row of regions by region (insert or update on table "orders" violates foreign key constraint "orders_region_fkey")
--- to a table that is made just now
create table zones (name text primary key);
alter table orders add foreign key (region) references zones;
--          ^^^^^^ 23503 4 rows of orders match no row of zones by region (insert or update on table "orders" violates foreign key constraint "orders_region_fkey")
--- to a table that is filled just now
create table zones (name text primary key);
insert into zones values ('a'), ('b');
alter table orders add foreign key (region) references zones;
--- to a table that is filled from this one
create table zones (name text primary key);
insert into zones select distinct region from orders where region is not null;
alter table orders add foreign key (region) references zones;
--- of a partitioned table
alter table parts add foreign key (customer) references customers;
--          ^^^^^ 23503 1 row of parts matches no row of customers by customer (insert or update on table "parts" violates foreign key constraint "parts_customer_fkey")
--- a new column
alter table orders add column owner int references customers;
--- a new column with a default that is there
alter table orders add column owner int default 1 references customers;
--- a new column with a default that is not there
alter table orders add column owner int not null default 5 references customers;
--          ^^^^^^ 23503 5 rows of orders match no row of customers by owner (insert or update on table "orders" violates foreign key constraint "orders_owner_fkey")
--- deferred
alter table orders add constraint slow foreign key (customer) references customers deferrable initially deferred;
--          ^^^^^^ 23503 2 rows of orders match no row of customers by customer (insert or update on table "orders" violates foreign key constraint "slow")
