-- migrate:up
create type order_status as enum ('placed', 'paid', 'packed', 'shipped', 'delivered', 'cancelled');

create sequence order_numbers start 100001;

create table orders (
  id bigint generated always as identity primary key,
  number text not null unique default 'S-' || nextval('order_numbers'),
  customer_id bigint not null references customers (id),
  status order_status not null default 'placed',
  currency currency not null default 'EUR',
  shipping_cost numeric(12, 2) not null default 0 check (shipping_cost >= 0),
  ship_to jsonb not null,
  placed_at timestamptz not null default now(),
  shipped_at timestamptz,
  constraint orders_shipped_has_time check (status not in ('shipped', 'delivered') or shipped_at is not null)
);

alter sequence order_numbers owned by orders.number;

create index orders_customer on orders (customer_id, placed_at desc);
create index orders_open on orders (placed_at) where status in ('placed', 'paid', 'packed');

create table order_lines (
  order_id bigint not null references orders (id) on delete cascade,
  line smallint not null check (line > 0),
  variant_id bigint not null references variants (id),
  quantity int not null check (quantity > 0),
  unit_price numeric(12, 2) not null check (unit_price >= 0),
  total numeric(14, 2) generated always as (quantity * unit_price) stored,
  primary key (order_id, line)
);

create index order_lines_variant on order_lines (variant_id);

-- migrate:down
drop table order_lines;
drop table orders;
drop type order_status;
