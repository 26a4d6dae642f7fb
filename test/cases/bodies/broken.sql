--- one
create table users (id int primary key, email text not null, name text);
create table orders (id int primary key, user_id int references users, total numeric, constraint total_of unique (total));
create index on orders (user_id);
create unique index one_per_user on orders (user_id, total);
create function mail_of(who int) returns text language plpgsql as $$
begin
  return (select email from users where id = who);
end $$;
create function in_sql(who int) returns text language sql as 'select email from users where id = who';
create function of_row(u users) returns text language plpgsql as $$ begin return u.email; end $$;
create function rename_me(a int) returns int language plpgsql as $$ begin return a; end $$;
create function calls_it() returns int language plpgsql as $$ begin return rename_me(1); end $$;
create function ordered(who int) returns void language plpgsql as $$
declare
  amount int := 1;
begin
  insert into orders values (1, who, amount) on conflict (user_id, total) do nothing;
  update orders set total = total + 1 where total = amount;
  perform from users where name = 'x';
end $$;
create function stamp() returns trigger language plpgsql as $$
begin
  new.email := lower(new.email);
  return new;
end $$;
create trigger stamp before insert on users for each row execute function stamp();
create function already_broken() returns text language plpgsql as $$ begin return (select nothing from users); end $$;
--                                                                                        ^^^^^^^ warning 42703 column "nothing" does not exist
create type mood as enum ('good');
create function feels() returns void language plpgsql as $$ declare m mood := 'good'; begin end $$;
create function mended() returns text language plpgsql as $$ begin return (select name from users); end $$;
--- two
alter table users rename column email to mail;
--                              ^^^^^ warning 42703 This breaks mail_of(who integer): column "email" does not exist [one: mail_of(who integer) needs it here.]
--                              ^^^^^ warning 42703 This breaks in_sql(who integer): column "email" does not exist [one: in_sql(who integer) needs it here.]
--                              ^^^^^ warning 42703 This breaks of_row(u users): record "u" has no field "email" [one: of_row(u users) needs it here.]
--                              ^^^^^ warning 42703 This breaks stamp(): record "new" has no field "email" [one: stamp() needs it here.]
alter table users add column phone text, drop column name;
--                                                   ^^^^ warning 42703 This breaks ordered(who integer): column "name" does not exist [one: ordered(who integer) needs it here.]
create or replace function mended() returns text language plpgsql as $$ begin return (select mail from users); end $$;
alter function rename_me(int) rename to renamed;
^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ warning 42883 This breaks calls_it(): function rename_me(integer) does not exist [one: calls_it() needs it here.]
drop index one_per_user;
^^^^^^^^^^^^^^^^^^^^^^^ warning 42P10 This breaks ordered(who integer): there is no unique or exclusion constraint matching the ON CONFLICT specification [one: ordered(who integer) needs it here.]
alter table orders add column amount int;
--                            ^^^^^^ warning 42702 This breaks ordered(who integer): column reference "amount" is ambiguous [one: ordered(who integer) needs it here.]
drop type mood;
--        ^^^^ warning 42704 This breaks feels(): type "mood" does not exist [one: feels() needs it here.]
--- three
alter table orders alter column total type text;
drop table orders;
--         ^^^^^^ warning 42P01 This breaks ordered(who integer): relation "orders" does not exist [one: ordered(who integer) needs it here.]
alter table users alter column phone set not null;
alter table users add constraint phone check (phone <> '');
alter table users drop column phone;
