--- before
create table customers (id int primary key);
--- migration
create table orders (id int primary key, customer int references customer (id));
--                                       ^^^^^^^^ error 42P01 relation "customer" does not exist
create index orders_customer on orders (customer);
--                              ^^^^^^ hint 42P01 relation "orders" does not exist (follows from migration)
insert into orders values (1);
--          ^^^^^^ hint 42P01 relation "orders" does not exist (follows from migration)
alter table orders add column note text;
--          ^^^^^^ hint 42P01 relation "orders" does not exist (follows from migration)
comment on column orders.note is 'x';
--                ^^^^^^ hint 42P01 relation "orders" does not exist (follows from migration)
drop table nowhere;
--         ^^^^^^^ error 42P01 table "nowhere" does not exist
create table customers (id int);
--           ^^^^^^^^^ error 42P07 relation "customers" already exists
alter table customers rename column nope to email;
--                                  ^^^^ error 42703 column "nope" does not exist
create index on customers (email);
--                         ^^^^^ hint 42703 column "email" does not exist (follows from migration)
--- comments
create schema app;
create table app.notes (id int primary key, author int references app.authors);
--                                                                ^^^^^^^^^^^ error 42P01 relation "app.authors" does not exist
comment on column app.notes.id is 'key';
--                ^^^^^^^^^ hint 42P01 relation "app.notes" does not exist (follows from comments)
