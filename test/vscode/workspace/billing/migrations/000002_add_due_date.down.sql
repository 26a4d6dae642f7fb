alter table invoices drop column due;
