--- schema
create table users (id int, email text);
create table teams (id int, email text unique);
--- rows
insert into users values (1, 'a@x'), (2, null), (3, null);
insert into teams values (1, null), (1, null), (2, 'x');
--- nulls are not distinct
create unique index on users (email) nulls not distinct where email is null;
--                     ^^^^^ 23505 2 rows of users share their email with another (could not create unique index "users_email_idx")
alter table teams add unique nulls not distinct (email);
--          ^^^^^ 23505 2 rows of teams share their email with another (could not create unique index "teams_email_key1")
--- a new column of the same nulls
alter table teams add column state text, add unique nulls not distinct (state);
--          ^^^^^ 23505 3 rows of teams share their state with another (could not create unique index "teams_state_key")
