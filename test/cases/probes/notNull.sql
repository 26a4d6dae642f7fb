--- schema
create table orders (id int primary key, email text, note text);
create table empty (id int, email text);
create type pair as (a int, b int);
create table pairs (id int, it pair);
create table "Order Items" ("Item No" int, "E-Mail" text);
--- rows
insert into orders values (1, 'a@x', ''), (2, null, ''), (3, null, null);
insert into pairs values (1, (null, null)), (2, null), (3, (1, 2));
insert into "Order Items" values (1, null);
--- set
alter table orders alter column email set not null;
--                              ^^^^^ 23502 2 rows of orders have no email (column "email" of relation "orders" contains null values)
--- two columns
alter table orders alter column email set not null, alter note set not null;
--                              ^^^^^ 23502 2 rows of orders have no email (column "email" of relation "orders" contains null values)
--                                                        ^^^^ 23502 1 row of orders has no note (column "note" of relation "orders" contains null values)
--- one that all have
alter table orders alter column id set not null;
--- no rows
alter table empty alter column email set not null;
--- a new column
alter table orders add column placed date not null;
--                            ^^^^^^ 23502 3 rows of orders have no placed (column "placed" of relation "orders" contains null values)
--- a new column with a default
alter table orders add column placed date not null default current_date;
--- a new column, later
alter table orders add column placed date;
alter table orders alter placed set not null;
--                       ^^^^^^ 23502 3 rows of orders have no placed (column "placed" of relation "orders" contains null values)
--- a new column with a default, later
alter table orders add column placed date default '2020-01-01';
alter table orders alter placed set not null;
--- a new column with a default that is set too late
alter table orders add column placed date;
alter table orders alter placed set default '2020-01-01', alter placed set not null;
--                       ^^^^^^ 23502 3 rows of orders have no placed (column "placed" of relation "orders" contains null values)
--- a new column of an empty table
alter table empty add column placed date not null;
--- there already
alter table orders add column if not exists email text not null default 'x';
alter table orders alter email set not null;
--                       ^^^^^ 23502 2 rows of orders have no email (column "email" of relation "orders" contains null values)
--- a composite value whose fields are null is no null
alter table pairs alter it set not null;
--                      ^^ 23502 1 row of pairs has no it (column "it" of relation "pairs" contains null values)
--- quoted names
alter table "Order Items" alter "E-Mail" set not null;
--                              ^^^^^^^^ 23502 1 row of Order Items has no E-Mail (column "E-Mail" of relation "Order Items" contains null values)
--- a primary key
alter table "Order Items" add primary key ("E-Mail");
--                                         ^^^^^^^^ 23502 1 row of Order Items has no E-Mail (column "E-Mail" of relation "Order Items" contains null values)
--- a serial
alter table orders add column number serial;
--- an identity
alter table orders add column number int generated always as identity;
--- a domain that takes no null
create domain filled as text not null;
alter table orders add column f filled;
--                            ^ 23502 3 rows of orders would break the domain of f (domain public.filled does not allow null values)
--- dropped again
alter table orders alter column email set not null;
--                              ^^^^^ 23502 2 rows of orders have no email (column "email" of relation "orders" contains null values)
alter table orders alter column email drop not null;
