-- migrate:up
create table loyalty_tiers (
  name text primary key,
  from_points int not null unique check (from_points >= 0),
  discount_percent numeric(4, 1) not null check (discount_percent between 0 and 50)
);

insert into loyalty_tiers (name, from_points, discount_percent)
values ('bronze', 0, 0), ('silver', 500, 2.5), ('gold', 2000, 5);

alter table customers add column loyalty_points int not null default 0 check (loyalty_points >= 0);

update customers c
set loyalty_points = floor(s.spent)::int
from customer_spending s
where s.customer_id = c.id and s.spent > 0;

create function loyalty_tier(points int) returns text
language sql stable as $$
  select name from loyalty_tiers where from_points <= points order by from_points desc limit 1
$$;

-- migrate:down
drop function loyalty_tier(int);
alter table customers drop column loyalty_points;
drop table loyalty_tiers;
