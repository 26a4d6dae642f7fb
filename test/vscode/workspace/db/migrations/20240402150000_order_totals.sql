-- migrate:up
-- What an order is worth, for the 🧾 invoice.
create view order_totals as
select l.order_id, sum(l.quantity * p.price) as total
from order_lines l
join products p on p.id = l.product_id
group by l.order_id;

-- migrate:down
drop view order_totals;
