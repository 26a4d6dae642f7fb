-- migrate:up transaction:false
create index concurrently orders_by_status on orders (status, placed_at desc);

-- migrate:down transaction:false
drop index concurrently orders_by_status;
