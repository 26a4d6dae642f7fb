-- migrate:up
create table carts (
  id uuid primary key default gen_random_uuid(),
  customer_id bigint references customers (id) on delete set null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null default now() + interval '30 days'
);

create index carts_customer on carts (customer_id) where customer_id is not null;
create index carts_expiry on carts (expires_at);

create table cart_lines (
  cart_id uuid not null references carts (id) on delete cascade,
  variant_id bigint not null references variants (id),
  quantity int not null check (quantity between 1 and 999),
  added_at timestamptz not null default now(),
  primary key (cart_id, variant_id)
);

-- migrate:down
drop table cart_lines;
drop table carts;
