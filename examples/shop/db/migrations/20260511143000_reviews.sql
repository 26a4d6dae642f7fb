-- migrate:up
create table reviews (
  id bigint generated always as identity primary key,
  product_id bigint not null references products (id) on delete cascade,
  customer_id bigint not null references customers (id) on delete cascade,
  rating smallint not null check (rating between 1 and 5),
  title text not null default '',
  body text not null default '',
  published boolean not null default false,
  created_at timestamptz not null default now(),
  unique (product_id, customer_id)
);

create index reviews_newest on reviews (product_id, craeted_at desc) where published;

alter table reviews enable row level security;

create policy reviews_readable on reviews for select using (published);
create policy reviews_own on reviews
  using (customer_id = nullif(current_setting('shop.customer_id', true), '')::bigint);

create view product_ratings as
select product_id, count(*) as reviews, round(avg(rating), 2) as rating
from reviews
where published
group by product_id;

-- migrate:down
drop view product_ratings;
drop table reviews;
