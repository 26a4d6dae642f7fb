-- migrate:up
create schema audit;

create table audit.changes (
  id bigint generated always as identity primary key,
  table_name text not null,
  operation text not null check (operation in ('INSERT', 'UPDATE', 'DELETE')),
  row_id text not null,
  before jsonb,
  after jsonb,
  changed_by text not null default current_user,
  changed_at timestamptz not null default clock_timestamp()
);

create index changes_of_row on audit.changes (table_name, row_id, changed_at desc);

create function audit.record_change() returns trigger
language plpgsql security definer set search_path = pg_catalog, audit as $$
declare
  old_row jsonb := case when tg_op <> 'INSERT' then to_jsonb(old) end;
  new_row jsonb := case when tg_op <> 'DELETE' then to_jsonb(new) end;
begin
  insert into audit.changes (table_name, operation, row_id, before, after)
  values (tg_table_schema || '.' || tg_table_name, tg_op, coalesce(new_row, old_row) ->> 'id', old_row, new_row);
  return null;
end;
$$;

create trigger orders_audit after insert or update or delete on orders
  for each row execute function audit.record_change();
create trigger payments_audit after insert or update or delete on payments
  for each row execute function audit.record_change();
create trigger prices_audit after insert or update or delete on prices
  for each row execute function audit.record_change();

-- migrate:down
drop trigger prices_audit on prices;
drop trigger payments_audit on payments;
drop trigger orders_audit on orders;
drop schema audit cascade;
