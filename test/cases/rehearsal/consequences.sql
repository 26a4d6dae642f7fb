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
--- filled
create table app.tiers (id int primary key);
insert into app.tiers values (1);
alter table app.tiers add column hours int;
update app.tiesr set hours = 1;
--     ^^^^^^^^^ error 42P01 relation "app.tiesr" does not exist
alter table app.tiers alter column hours set not null;
--                                 ^^^^^ hint 23502 column "hours" of relation "tiers" contains null values (follows from filled)
alter table app.tiers alter column id drop not null;
--                                 ^^ error 42P16 column "id" is in a primary key
--- called
alter table app.tiesr add column source int;
--          ^^^^^^^^^ error 42P01 relation "app.tiesr" does not exist
create procedure app.fill() language plpgsql as $$ begin update app.tiers t set hours = t.source where t.source > 0; end $$;
call app.fill();
^^^^^^^^^^^^^^^ hint 42703 column t.source does not exist (follows from called) [fill ran this. called: t.source]
