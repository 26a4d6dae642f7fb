-- migrate:up
create view order_totals as
select o.id as order_id, o.number, o.customer_id, o.status, o.placed_at,
  coalesce(sum(l.total), 0) as goods,
  coalesce(sum(l.total), 0) + o.shipping_cost as total
from orders o left join order_lines l on l.order_id = o.id
group by o.id;

create view customer_spending as
select c.id as customer_id, c.full_name, count(t.order_id) as orders, coalesce(sum(t.total), 0) as spent
from customers c left join order_totals t on t.customer_id = c.id and t.status <> 'cancelled'
where c.deleted_at is null
group by c.id;

create materialized view daily_sales as
select date_trunc('day', o.placed_at at time zone 'UTC')::date as day, l.variant_id,
  sum(l.quantity) as units, sum(l.total) as revenue
from orders o join order_lines l on l.order_id = o.id
where o.status <> 'cancelled'
group by 1, 2
with no data;

create unique index daily_sales_key on daily_sales (day, variant_id);

refresh materialized view daily_sales;

-- migrate:down
drop materialized view daily_sales;
drop view customer_spending;
drop view order_totals;
