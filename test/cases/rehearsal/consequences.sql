--- before
create table customers (id int primary key);
--- migration
create table orders (id int primary key, customer int references customer (id));
create index orders_customer on orders (customer);
insert into orders values (1);
alter table orders add column note text;
comment on column orders.note is 'x';
drop table nowhere;
create table customers (id int);
alter table customers rename column nope to email;
create index on customers (email);
