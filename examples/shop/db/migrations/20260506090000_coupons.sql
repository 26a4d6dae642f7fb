-- migrate:up
create type discount_kind as enum ('percent', 'amount', 'free_shipping');

create table coupons (
  id bigint generated always as identity primary key,
  code citext not null unique,
  kind discount_kind not null,
  value numeric(12, 2) not null default 0 check (value >= 0),
  valid_from timestamptz not null default now(),
  valid_until timestamptz,
  most_uses int check (most_uses > 0),
  constraint coupons_percent check (kind <> 'percent' or value <= 100)
);

create table coupon_redemptions (
  coupon_id bigint not null references coupons (id),
  order_id uuid not null references orders (id) on delete cascade,
  redeemed_at timestamptz not null default now(),
  primary key (coupon_id, order_id)
);

create index coupon_redemptions_order on coupon_redemptions (order_id);

alter table orders add column discount numeric(12, 2) not null default 0 check (discount >= 0);

create view coupon_usage as
select c.id as coupon_id, c.code, count(r.order_id) as uses, c.most_uses
from coupons c left join coupon_redemptions r on r.coupon_id = c.id
group by c.id;

-- migrate:down
drop view coupon_usage;
alter table orders drop column discount;
drop table coupon_redemptions;
drop table coupons;
drop type discount_kind;
