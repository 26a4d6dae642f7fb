-- migrate:up
create table customers (
  id bigint generated always as identity primary key,
  name text not null,
  joined timestamptz not null default now()
);

-- migrate:down
drop table customers;
