-- migrate:up
create table variants (
  id bigint generated always as identity primary key,
  product_id bigint not null references products (id) on delete cascade,
  sku text not null unique check (sku ~ '^[A-Z0-9-]{4,24}$'),
  title text not null,
  options jsonb not null default '{}',
  weight_g int check (weight_g > 0),
  active boolean not null default true
);

create index variants_product on variants (product_id) where active;

create domain currency as char(3) check (value ~ '^[A-Z]{3}$');

create table prices (
  id bigint generated always as identity primary key,
  variant_id bigint not null references variants (id) on delete cascade,
  currency currency not null,
  amount numeric(12, 2) not null check (amount >= 0),
  valid_from timestamptz not null default now(),
  valid_until timestamptz,
  check (valid_until > valid_from)
);

-- One price is open at a time; the earlier ones stay for old orders.
create unique index prices_current on prices (variant_id, currency) where valid_until is null;
create index prices_history on prices (variant_id, valid_from desc);

create function current_price(wanted bigint, in_currency currency default 'EUR') returns numeric
language sql stable as $$
  select amount from prices where variant_id = wanted and currency = in_currency and valid_until is null
$$;

-- migrate:down
drop function current_price(bigint, currency);
drop table prices;
drop domain currency;
drop table variants;
