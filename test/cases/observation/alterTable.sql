--- before
create table customers (id int primary key, name text, city varchar(80));
create table orders (id int primary key, customer_id int, placed date, note text, total numeric(12, 2));
create index orders_placed on orders (placed);
insert into customers select g, 'c' || g, 'x' from generate_series(1, 10) g;
insert into orders select g, 1 + g % 10, '2026-01-01', 'n', 5 from generate_series(1, 100) g;
--- migration
alter table orders add column extra text;
^^^^^ lock ACCESS EXCLUSIVE table public.orders
^^^^^ altered table public.orders
^^^^^ invalidated prepared statements public.orders
alter table orders add column state text not null default 'new';
^^^^^ lock ACCESS EXCLUSIVE table public.orders (held)
^^^^^ altered table public.orders
^^^^^ invalidated prepared statements public.orders
alter table orders alter column note set not null;
^^^^^ lock ACCESS EXCLUSIVE table public.orders (held)
^^^^^ scan public.orders 100
^^^^^ altered table public.orders
alter table orders add constraint orders_total check (total > 0) not valid;
^^^^^ lock ACCESS EXCLUSIVE table public.orders (held)
^^^^^ altered table public.orders
alter table orders validate constraint orders_total;
^^^^^ lock SHARE UPDATE EXCLUSIVE table public.orders
^^^^^ scan public.orders 100
^^^^^ altered table public.orders
alter table orders add constraint orders_customer foreign key (customer_id) references customers (id);
^^^^^ lock SHARE ROW EXCLUSIVE table public.customers
^^^^^ lock SHARE ROW EXCLUSIVE table public.orders
^^^^^ lock ROW SHARE table public.customers
^^^^^ lock ACCESS SHARE table public.customers
^^^^^ lock ACCESS SHARE index public.customers_pkey
^^^^^ lock ACCESS SHARE table public.orders
^^^^^ lock ACCESS SHARE index public.orders_pkey
^^^^^ lock ACCESS SHARE index public.orders_placed
^^^^^ scan public.customers 10
^^^^^ scan public.orders 100
^^^^^ altered table public.orders
alter table orders alter column total type numeric(14, 4);
^^^^^ lock ACCESS EXCLUSIVE table public.orders (held)
^^^^^ lock ACCESS EXCLUSIVE index public.orders_pkey
^^^^^ lock ACCESS EXCLUSIVE index public.orders_placed
^^^^^ lock SHARE table public.orders
^^^^^ rewrite index public.orders_pkey
^^^^^ rewrite index public.orders_placed
^^^^^ rewrite table public.orders
^^^^^ scan public.orders 300
^^^^^ altered table public.orders
^^^^^ invalidated prepared statements public.orders
alter table customers alter column city type text;
^^^^^ lock ACCESS EXCLUSIVE table public.customers
^^^^^ altered table public.customers
^^^^^ invalidated prepared statements public.customers
alter table customers add column token uuid default gen_random_uuid();
^^^^^ lock ACCESS EXCLUSIVE table public.customers (held)
^^^^^ lock ACCESS EXCLUSIVE index public.customers_pkey
^^^^^ rewrite index public.customers_pkey
^^^^^ rewrite table public.customers
^^^^^ scan public.customers 20
^^^^^ altered table public.customers
^^^^^ invalidated prepared statements public.customers
alter table customers add column upper_name text generated always as (upper(name)) stored;
^^^^^ lock ACCESS EXCLUSIVE table public.customers (held)
^^^^^ lock ACCESS EXCLUSIVE index public.customers_pkey (held)
^^^^^ rewrite index public.customers_pkey
^^^^^ rewrite table public.customers
^^^^^ scan public.customers 20
^^^^^ altered table public.customers
^^^^^ invalidated prepared statements public.customers
alter table customers add unique (name);
^^^^^ lock ACCESS EXCLUSIVE table public.customers (held)
^^^^^ lock ACCESS EXCLUSIVE index public.customers_name_key (unseen)
^^^^^ scan public.customers 10
^^^^^ altered table public.customers
alter table orders set (fillfactor = 70);
^^^^^ lock SHARE UPDATE EXCLUSIVE table public.orders (held)
^^^^^ altered table public.orders
alter table orders set unlogged;
^^^^^ lock ACCESS EXCLUSIVE table public.orders (held)
^^^^^ lock ACCESS EXCLUSIVE index public.orders_pkey (held)
^^^^^ lock ACCESS EXCLUSIVE index public.orders_placed (held)
^^^^^ rewrite index public.orders_pkey
^^^^^ rewrite index public.orders_placed
^^^^^ rewrite table public.orders
^^^^^ scan public.orders 300
^^^^^ altered table public.orders
