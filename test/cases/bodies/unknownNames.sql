--- tables
create table users (id int primary key, email text not null, created timestamptz default now());
create table orders (id int primary key, user_id int references users, total numeric, placed date);
create function twice(n int) returns int language sql as $$ select n * 2 $$;
create procedure close_order(id int, inout done boolean) language plpgsql as $$ begin done := true; end $$;
--- functions
create function unknown_column() returns int language plpgsql as $$
declare
  n int;
begin
  select count(*) into n from users where emial = 'a';
--                                        ^^^^^ warning 42703 column "emial" does not exist
  return n;
end $$;
create function unknown_table(who int) returns numeric language plpgsql as $f$
begin
  -- 🎉 emoji before
  return (select sum(total) from "order 🎉" where user_id = who);
--                               ^^^^^^^^^^ warning 42P01 relation "order 🎉" does not exist
end $f$;
create function unknown_function(a int) returns void language plpgsql as '
begin
  perform thrice(a); perform twice(''x''::text);
--        ^^^^^^ warning 42883 function thrice(integer) does not exist
--                           ^^^^^ warning 42883 function twice(text) does not exist
  raise notice ''% %'', a, missing_too(1);
--                         ^^^^^^^^^^^ warning 42883 function missing_too(integer) does not exist
end';
create function escaped() returns text language plpgsql as E'begin\n  return (select nme from users where email = \'x\');\nend';
--                                                                                   ^^^ warning 42703 column "nme" does not exist
create procedure calls() language plpgsql as $$
declare b boolean;
begin
  call close_order(1, b);
  call close_order('x'::text, b);
--     ^^^^^^^^^^^ warning 42883 procedure close_order(text, boolean) does not exist
  call close_orders(1);
--     ^^^^^^^^^^^^ warning 42883 procedure close_orders(integer) does not exist
  call close_order(1, true);
--^^^^^^^^^^^^^^^^^^^^^^^^^ warning 42601 procedure parameter "done" is an output parameter but corresponding argument is not writable
end $$;
create function types() returns void language plpgsql as $$
declare
  n int := length(now());
--         ^^^^^^ warning 42883 function length(timestamp with time zone) does not exist
  d date;
begin
  d := now() + 1;
--           ^ warning 42883 operator does not exist: timestamp with time zone + integer
  if d > true then null; end if;
--     ^ warning 42883 operator does not exist: date > boolean
  update orders set total = now() where id = 1;
--                          ^^^ warning 42804 column "total" is of type numeric but expression is of type timestamp with time zone
  insert into orders (id, totl) values (1, 2);
--                        ^^^^ warning 42703 column "totl" of relation "orders" does not exist
  insert into orders values (1, 2, 3, now(), 5);
--                                           ^ warning 42601 INSERT has more expressions than target columns
  delete from orders where placed = 7;
--                                ^ warning 42883 operator does not exist: date = integer
  insert into users (id, email) values (1, 'a') on conflict (email) do nothing;
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ warning 42P10 there is no unique or exclusion constraint matching the ON CONFLICT specification
  select id from users where id = 'x';
--                                ^^^ warning 22P02 invalid input syntax for type integer: "x"
end $$;
create function ambiguous(id int) returns setof users language plpgsql as $$
begin
  return query select * from users where id = id;
--                                       ^^ warning 42702 column reference "id" is ambiguous
end $$;
create function loops() returns void language plpgsql as $$
declare
  r record;
  u users;
  c cursor (low int) for select id, totl from orders where id > low;
--                                  ^^^^ warning 42703 column "totl" does not exist
begin
  for r in select id, email as mail from users loop
    raise notice '%', r.email;
--                    ^^^^^^^ warning 42703 record "r" has no field "email"
    perform twice(r.id);
  end loop;
  u.nme := 'x';
--^^^^^ warning 42703 record "u" has no field "nme"
  u.email := u.id + u.mail;
--                  ^^^^^^ warning 42703 record "u" has no field "mail"
  foreach u.id in array array[1, 2] loop
    perform nothing(u.id);
--          ^^^^^^^ warning 42883 function nothing(integer) does not exist
  end loop;
  for i in 1..(select max(idd) from orders) loop
--                        ^^^ warning 42703 column "idd" does not exist
    exit when i > n;
--                ^ warning 42703 column "n" does not exist
  end loop;
  while exists (select from usrs) loop
--                          ^^^^ warning 42P01 relation "usrs" does not exist
    null;
  end loop;
  case u.id when twice() then null; else null; end case;
--               ^^^^^ warning 42883 function twice() does not exist
  for r in c(low := x) loop null; end loop;
--                  ^ warning 42703 column "x" does not exist
end $$;
create function stamp() returns trigger language plpgsql as $$
begin
  new.changed := now();
--^^^^^^^^^^^ warning 42703 record "new" has no field "changed"
  if tg_op = 'UPDATE' and old.emial <> new.email then
--                        ^^^^^^^^^ warning 42703 record "old" has no field "emial"
    new.created = now();
  end if;
  return new;
end $$;
create trigger stamp before insert or update on users for each row execute function stamp();
create function table_of() returns table (user_id int, email text) language plpgsql as $$
begin
  return query select u.id, u.created from users u;
--                          ^^^^^^^^^ warning 42804 structure of query does not match function result type
  return query select u.id from users u;
--             ^^^^^^^^^^^^^^^^^^^^^^^^ warning 42804 structure of query does not match function result type
  return query select id, users.email from users;
  return query execute 'select nothing from nowhere' using user_idd;
--                                                         ^^^^^^^^ warning 42703 column "user_idd" does not exist
end $$;
do $$
begin
  if 1 = 2 then
    perform nothing();
--          ^^^^^^^ warning 42883 function nothing() does not exist
    delete from users where emial = 'x';
--                          ^^^^^ warning 42703 column "emial" does not exist
  end if;
end $$;
