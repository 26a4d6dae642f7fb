-- Sample data for the first ten migrations. Can be loaded again: what is there stays.
insert into customers (email, full_name, phone, newsletter) values
  ('ada@example.com', 'Ada Bergström', '+46 8 555 010', true),
  ('bo@example.com', 'Bo Lindqvist', null, false),
  ('chiara@example.com', 'Chiara Ferri', '+39 055 555 011', true),
  ('dov@example.com', 'Dov Adler', null, true),
  ('eun-ji@example.com', '은지 박', '+82 2 555 012', false)
on conflict do nothing;

insert into addresses (customer_id, kind, street, postal_code, city, country, is_default)
select c.id, 'shipping', a.street, a.postal_code, a.city, a.country, true
from (values
  ('ada@example.com', 'Tegnérgatan 4', '111 40', 'Stockholm', 'SE'),
  ('bo@example.com', 'Storgatan 12', '903 26', 'Umeå', 'SE'),
  ('chiara@example.com', 'Via dei Serragli 8', '50124', 'Firenze', 'IT'),
  ('dov@example.com', 'Oranienstraße 31', '10999', 'Berlin', 'DE'),
  ('eun-ji@example.com', '27 Yulgok-ro', '03062', 'Seoul', 'KR')
) a (email, street, postal_code, city, country)
join customers c on c.email = a.email::citext
on conflict do nothing;

insert into categories (slug, name, position) values
  ('clothing', 'Clothing', 1), ('kitchen', 'Kitchen', 2), ('stationery', 'Stationery', 3)
on conflict do nothing;
insert into categories (parent_id, slug, name, position)
select id, 'knitwear', 'Knitwear', 1 from categories where slug = 'clothing'
on conflict do nothing;

insert into products (slug, name, description, attributes, published_at) values
  ('fishermans-jumper', 'Fisherman''s jumper', 'A heavy jumper of undyed wool.', '{"material": "wool", "weight_g": 900}', '2026-03-10'),
  ('linen-apron', 'Linen apron', 'Washed linen, two pockets; it softens with use.', '{"material": "linen"}', '2026-03-10'),
  ('oak-board', 'Oak chopping board', 'Oiled oak, a groove for the juice.', '{"material": "oak", "weight_g": 1800}', '2026-03-12'),
  ('dot-notebook', 'Dotted notebook', '192 pages, lies flat.', '{"pages": 192}', '2026-03-14'),
  ('brass-pen', 'Brass pen', 'Takes any common refill.', '{"material": "brass"}', null)
on conflict do nothing;

insert into product_categories (product_id, category_id)
select p.id, c.id
from (values
  ('fishermans-jumper', 'knitwear'), ('linen-apron', 'kitchen'), ('oak-board', 'kitchen'),
  ('dot-notebook', 'stationery'), ('brass-pen', 'stationery')
) m (product, category)
join products p on p.slug = m.product join categories c on c.slug = m.category
on conflict do nothing;

insert into variants (product_id, sku, title, options, weight_g)
select p.id, v.sku, v.title, v.options::jsonb, v.weight_g
from (values
  ('fishermans-jumper', 'JUMPER-S', 'Small', '{"size": "S"}', 820),
  ('fishermans-jumper', 'JUMPER-M', 'Medium', '{"size": "M"}', 900),
  ('fishermans-jumper', 'JUMPER-L', 'Large', '{"size": "L"}', 980),
  ('linen-apron', 'APRON-NAT', 'Natural', '{"colour": "natural"}', 310),
  ('oak-board', 'BOARD-40', '40 cm', '{"length_cm": 40}', 1800),
  ('dot-notebook', 'NOTE-A5', 'A5', '{"format": "A5"}', 260),
  ('brass-pen', 'PEN-BRASS', 'Brass', '{}', 45)
) v (product, sku, title, options, weight_g)
join products p on p.slug = v.product
on conflict do nothing;

insert into prices (variant_id, currency, amount)
select v.id, 'EUR', p.amount
from (values
  ('JUMPER-S', 129.00), ('JUMPER-M', 129.00), ('JUMPER-L', 139.00), ('APRON-NAT', 48.50),
  ('BOARD-40', 72.00), ('NOTE-A5', 14.90), ('PEN-BRASS', 39.00)
) p (sku, amount)
join variants v on v.sku = p.sku
on conflict do nothing;

insert into warehouses (code, name) values ('STO', 'Stockholm'), ('BER', 'Berlin') on conflict do nothing;

insert into stock_movements (warehouse_id, variant_id, reason, quantity, moved_at)
select w.id, v.id, 'received', 40, '2026-03-16'
from warehouses w cross join variants v
where not exists (select from stock_movements);

insert into carts (id, customer_id)
select '7b1f6a0e-2f64-4c8e-9d0b-5a4a2f1c9e11', id from customers where email = 'dov@example.com'
on conflict do nothing;
insert into cart_lines (cart_id, variant_id, quantity)
select '7b1f6a0e-2f64-4c8e-9d0b-5a4a2f1c9e11', id, 2 from variants where sku = 'NOTE-A5'
on conflict do nothing;

insert into orders (number, customer_id, status, shipping_cost, ship_to, placed_at, shipped_at)
select o.number, c.id, o.status::order_status, o.shipping, jsonb_build_object('city', o.city), o.placed::timestamptz,
  o.shipped::timestamptz
from (values
  ('S-100001', 'ada@example.com', 'delivered', 6.90, 'Stockholm', '2026-04-02 09:12+00', '2026-04-03 07:30+00'),
  ('S-100002', 'chiara@example.com', 'shipped', 12.50, 'Firenze', '2026-04-05 18:40+00', '2026-04-07 08:00+00'),
  ('S-100003', 'ada@example.com', 'paid', 0, 'Stockholm', '2026-04-11 12:03+00', null),
  ('S-100004', 'eun-ji@example.com', 'cancelled', 24.00, 'Seoul', '2026-04-12 02:21+00', null)
) o (number, email, status, shipping, city, placed, shipped)
join customers c on c.email = o.email::citext
on conflict do nothing;

insert into order_lines (order_id, line, variant_id, quantity, unit_price)
select o.id, l.line, v.id, l.quantity, l.unit_price
from (values
  ('S-100001', 1, 'JUMPER-M', 1, 129.00), ('S-100001', 2, 'NOTE-A5', 3, 14.90),
  ('S-100002', 1, 'BOARD-40', 1, 72.00), ('S-100002', 2, 'APRON-NAT', 2, 48.50),
  ('S-100003', 1, 'JUMPER-L', 1, 139.00), ('S-100004', 1, 'PEN-BRASS', 1, 39.00)
) l (number, line, sku, quantity, unit_price)
join orders o on o.number = l.number join variants v on v.sku = l.sku
on conflict do nothing;

-- The numbers above were given by hand; the next order takes the one after them.
select setval('order_numbers', 100004) where (select last_value from order_numbers) < 100004;

insert into payments (order_id, provider, provider_reference, state, amount, payload)
select o.id, 'stripe', 'pi_' || o.number, p.state::payment_state, p.amount, '{"method": "card"}'
from (values
  ('S-100001', 'captured', 180.60), ('S-100002', 'captured', 181.50), ('S-100003', 'captured', 139.00),
  ('S-100004', 'failed', 63.00)
) p (number, state, amount)
join orders o on o.number = p.number
on conflict do nothing;

refresh materialized view daily_sales;
