-- migrate:up
create type payment_state as enum ('pending', 'authorised', 'captured', 'refunded', 'failed');

create table payments (
  id bigint generated always as identity primary key,
  order_id bigint not null references orders (id),
  provider text not null,
  provider_reference text not null,
  state payment_state not null default 'pending',
  amount numeric(12, 2) not null check (amount > 0),
  payload jsonb not null default '{}',
  created_at timestamptz not null default now(),
  unique (provider, provider_reference)
);

create index payments_order on payments (order_id);
create index payments_payload on payments using gin (payload);

create table refunds (
  id bigint generated always as identity primary key,
  payment_id bigint not null references payments (id),
  amount numeric(12, 2) not null check (amount > 0),
  reason text not null,
  refunded_at timestamptz not null default now()
);

create function refund_fits_payment() returns trigger
language plpgsql as $$
declare
  left_over numeric;
begin
  select p.amount - coalesce(sum(r.amount), 0) into left_over
  from payments p left join refunds r on r.payment_id = p.id
  where p.id = new.payment_id
  group by p.amount;
  if new.amount > left_over then
    raise exception 'a refund of % is more than the % that is left of the payment', new.amount, left_over
      using errcode = 'check_violation';
  end if;
  return new;
end;
$$;

create trigger refunds_fit before insert on refunds
  for each row execute function refund_fits_payment();

-- migrate:down
drop table refunds;
drop function refund_fits_payment();
drop table payments;
drop type payment_state;
