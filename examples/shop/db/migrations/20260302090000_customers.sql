-- migrate:up
create extension if not exists citext;

create function touch_updated_at() returns trigger
language plpgsql as $$
begin
  new.updated_at := now();
  return new;
end;
$$;

create table customers (
  id bigint generated always as identity primary key,
  email citext not null unique,
  full_name text not null check (btrim(full_name) <> ''),
  phone text,
  newsletter boolean not null default false,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz
);

create trigger customers_touch before update on customers
  for each row execute function touch_updated_at();

create type address_kind as enum ('shipping', 'billing');

create table addresses (
  id bigint generated always as identity primary key,
  customer_id bigint not null references customers (id) on delete cascade,
  kind address_kind not null default 'shipping',
  street text not null,
  postal_code text not null,
  city text not null,
  country char(2) not null check (country = upper(country)),
  is_default boolean not null default false
);

create index addresses_customer on addresses (customer_id);
create unique index addresses_one_default on addresses (customer_id, kind) where is_default;

-- migrate:down
drop table addresses;
drop type address_kind;
drop table customers;
drop function touch_updated_at();
drop extension citext;
