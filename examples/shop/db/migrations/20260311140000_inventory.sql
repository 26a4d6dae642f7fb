-- migrate:up
create table warehouses (
  id int generated always as identity primary key,
  code text not null unique,
  name text not null
);

create table stock_levels (
  warehouse_id int not null references warehouses (id),
  variant_id bigint not null references variants (id),
  on_hand int not null default 0 check (on_hand >= 0),
  reserved int not null default 0 check (reserved between 0 and on_hand),
  primary key (warehouse_id, variant_id)
);

create type movement_reason as enum ('received', 'sold', 'returned', 'lost', 'corrected');

create table stock_movements (
  id bigint generated always as identity primary key,
  warehouse_id int not null references warehouses (id),
  variant_id bigint not null references variants (id),
  reason movement_reason not null,
  quantity int not null check (quantity <> 0),
  moved_at timestamptz not null default now()
);

create index stock_movements_variant on stock_movements (variant_id, moved_at desc);

create function apply_stock_movement() returns trigger
language plpgsql as $$
begin
  insert into stock_levels as s (warehouse_id, variant_id, on_hand)
  values (new.warehouse_id, new.variant_id, new.quantity)
  on conflict (warehouse_id, variant_id) do update set on_hand = s.on_hand + excluded.on_hand;
  return null;
end;
$$;

create trigger stock_movements_apply after insert on stock_movements
  for each row execute function apply_stock_movement();

-- migrate:down
drop table stock_movements;
drop function apply_stock_movement();
drop type movement_reason;
drop table stock_levels;
drop table warehouses;
