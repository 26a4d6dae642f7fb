--- schema
create table orders (id int primary key, email text, total int);
create table items (id int primary key, "order" int references orders on delete cascade, n int);
create table audit (id int, what text);
create function touch() returns trigger language plpgsql as 'begin update orders set total = 1; return new; end';
create function mend() returns void language sql volatile as 'update orders set email = 1::text';
create trigger touching after insert on audit for each row execute function touch();
create schema shop;
create table shop.stock (id int, n int);
create view seen as select * from orders;
create table base (id int);
create table heir (n int) inherits (base);
--- rows
insert into orders values (1, 'a', 1), (2, null, null), (3, 'a', 3);
insert into items values (1, 1, 1), (2, 2, null);
insert into shop.stock values (1, null), (2, 1);
insert into base values (null);
insert into heir values (1, 2);
--- filled first
update orders set email = '' where email is null;
alter table orders alter email set not null;
--- deleted first
delete from orders where email is null;
alter table orders alter email set not null;
--- deleted along with others
delete from orders where id = 2;
alter table items alter n set not null;
--- filled by a block
do $$ begin update orders set email = '' where email is null; end $$;
alter table orders alter email set not null;
--- filled by a function
select mend();
alter table orders alter email set not null;
--- filled by a trigger
insert into audit values (1, 'x');
alter table orders alter total set not null;
--- filled through a view
update seen set email = '' where email is null;
alter table orders alter email set not null;
--- filled by a CTE
with gone as (delete from items returning "order") delete from orders where email is null;
alter table orders alter email set not null;
--- another table is filled
update shop.stock set n = 0 where n is null;
alter table orders alter email set not null;
--                       ^^^^^ 23502 1 row of orders has no email (column "email" of relation "orders" contains null values)
--- a block that makes a type
do $$ begin if not exists (select from pg_type where typname = 'mood') then create type mood as enum ('a'); end if; end $$;
alter table orders alter email set not null;
--                       ^^^^^ 23502 1 row of orders has no email (column "email" of relation "orders" contains null values)
--- renamed table
alter table orders rename to purchases;
alter table purchases alter email set not null;
--                          ^^^^^ 23502 1 row of purchases has no email (column "email" of relation "purchases" contains null values)
--- renamed column
alter table orders rename email to mail;
alter table orders add unique (mail);
--          ^^^^^^ 23505 2 rows of orders share their mail with another (could not create unique index "orders_mail_key")
--- renamed both, and a new one of the old name
alter table orders rename email to mail;
alter table orders rename to purchases;
create table orders (id int, email text);
alter table orders alter email set not null;
alter table purchases add constraint mails check (mail <> 'a');
--                                   ^^^^^ 23514 2 rows of purchases break mails (check constraint "mails" of relation "purchases" is violated by some row)
--- columns change their names
alter table orders rename email to x;
alter table orders rename id to email;
alter table orders alter email set not null;
alter table orders add unique (x);
--          ^^^^^^ 23505 2 rows of orders share their x with another (could not create unique index "orders_x_key")
--- moved to a schema
alter table public.orders set schema shop;
alter table shop.orders alter email set not null;
--                            ^^^^^ 23502 1 row of orders has no email (column "email" of relation "orders" contains null values)
--- by search path
set search_path = shop;
alter table stock alter n set not null;
--                      ^ 23502 1 row of stock has no n (column "n" of relation "stock" contains null values)
--- a schema that is renamed, unknown
alter schema shop rename to store;
alter table store.stock alter n set not null;
--- made just now
create table fresh (id int, email text);
alter table fresh alter email set not null, add unique (email);
--- made of a query, unknown
create table copied as select * from orders;
alter table copied alter email set not null;
--- dropped and made again
drop table items;
create table items (id int, "order" int);
alter table items alter "order" set not null, add unique (id);
--- rolled back, unknown
savepoint mine;
alter table orders alter id drop not null;
rollback to mine;
alter table orders alter email set not null;
--- in parents and children
alter table base alter id set not null;
--                     ^^ 23502 1 row of base has no id (column "id" of relation "base" contains null values)
--- only here
alter table only base add constraint whole check (id is not null) no inherit;
--                                   ^^^^^ 23514 1 row of base breaks whole (check constraint "whole" of relation "base" is violated by some row)
--- a child
alter table heir alter id set not null;
--- a temporary table
create temp table orders (id int, email text);
insert into pg_temp.orders values (1, null);
alter table orders add column x int;
--- refused before, unknown
alters table orders add x int;
alter table items alter n set not null;
