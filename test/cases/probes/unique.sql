--- schema
create table users (id int, email text, name text collate "C", amount numeric, active boolean);
create table teams (id int, email text unique);
create table child () inherits (users);
create table parts (id int, region text) partition by list (region);
create table parts_a partition of parts for values in ('a', 'A');
create table parts_b partition of parts for values in ('b');
--- rows
insert into users values
  (1, 'a@x', 'A', 1.0, true), (2, 'A@x', 'a', 1.00, false), (3, null, 'b', 2, true), (4, null, 'c', 3, true), (5, 'a@x', 'd', 4, false);
insert into child values (1, 'a@x', 'x', 9, true);
insert into teams values (1, null), (1, null), (2, 'x');
insert into parts values (1, 'a'), (1, 'A'), (2, 'b'), (2, 'b');
--- one column
alter table users add unique (email);
--          ^^^^^ 23505 2 rows of users share their email with another (could not create unique index "users_email_key")
--- named
alter table users add constraint one_mail unique (email);
--                               ^^^^^^^^ 23505 2 rows of users share their email with another (could not create unique index "one_mail")
--- two columns
alter table users add constraint two unique (email, amount);
--- columns that are different
alter table users add unique (id);
alter table users add unique (name);
--- values that are equal and look different
create unique index on users (amount);
--                     ^^^^^ 23505 2 rows of users share their amount with another (could not create unique index "users_amount_idx")
--- an expression
create unique index by_mail on users (lower(email));
--                  ^^^^^^^ 23505 3 rows of users share their lower(email) with another (could not create unique index "by_mail")
--- several expressions
create unique index by_mail on users (lower(email), (id % 1));
--                  ^^^^^^^ 23505 3 rows of users share their lower(email), ((id % 1)) with another (could not create unique index "by_mail")
--- with a predicate
create unique index on users (email) where active;
--- with a predicate that leaves two of a kind
create unique index on users (email) where not active or id = 1;
--                     ^^^^^ 23505 2 rows of users share their email with another (could not create unique index "users_email_idx")
--- with more columns
create unique index on users (email) include (id);
--                     ^^^^^ 23505 2 rows of users share their email with another (could not create unique index "users_email_id_idx")
--- nulls are distinct
create unique index on users (email) where email is null;
--- collation of its own
create unique index on users (lower(name) collate "C");
--                     ^^^^^ 23505 2 rows of users share their lower(name) with another (could not create unique index "users_lower_idx")
--- pattern class
create unique index on users (email text_pattern_ops);
--                     ^^^^^ 23505 2 rows of users share their email with another (could not create unique index "users_email_idx")
--- a primary key
alter table teams add primary key (id);
--          ^^^^^ 23505 2 rows of teams share their id with another (could not create unique index "teams_pkey")
--- a primary key on two columns
alter table teams add primary key (id, email);
--                                     ^^^^^ 23502 2 rows of teams have no email (column "email" of relation "teams" contains null values)
--- by index
create unique index mails on users (email);
--                  ^^^^^ 23505 2 rows of users share their email with another (could not create unique index "mails")
alter table users add constraint mails unique using index mails;
--- not unique
create index on users (email);
--- partitions
alter table parts add unique (id, region);
--          ^^^^^ 23505 2 rows of parts share their id, region with another (could not create unique index "parts_id_region_key")
--- partitions with a duplicate
create unique index on parts (region, id);
--                     ^^^^^ 23505 2 rows of parts share their region, id with another (could not create unique index "parts_region_id_idx")
--- a new column with one value for all
alter table teams add column state text default 'new' unique;
--          ^^^^^ 23505 3 rows of teams share their state with another (could not create unique index "teams_state_key")
--- a new column without a value
alter table teams add column state text unique;
--- a new column that counts
alter table teams add column number bigserial primary key;
--- there already
create unique index if not exists teams_email_key on teams (id);
--- deferrable
alter table users add unique (email) deferrable initially deferred;
--          ^^^^^ 23505 2 rows of users share their email with another (could not create unique index "users_email_key")
