create table invoices (
  id bigserial primary key,
  number text not null unique,
  issued date not null default current_date
);
