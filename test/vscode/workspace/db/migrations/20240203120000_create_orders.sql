-- migrate:up
create table orders (
  id bigint generated always as identity primary key,
  customer_id bigint not null references customers (id),
  placed timestamptz not null default now()
);
create table order_lines (
  order_id bigint not null references orders (id) on delete cascade,
  product_id bigint not null references products (id),
  quantity integer not null check (quantity > 0),
  primary key (order_id, product_id)
);

-- migrate:down
drop table order_lines;
drop table orders;
