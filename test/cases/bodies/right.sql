--- tables
create schema app;
create table users (id int primary key, email text not null, active boolean default true);
create table orders (id int generated always as identity primary key, user_id int references users, total numeric, placed date, unique (user_id, placed));
create table app.hidden (id int, secret text);
create type status as enum ('open', 'closed');
create domain positive as int check (value > 0);
create function audit(who users) returns void language sql as $$ select $$;
create procedure close_order(id int, inout done boolean) language plpgsql as $$ begin done := true; end $$;
--- functions
create function later_function() returns int language plpgsql as $$ begin return is_made_below(1); end $$;
create function is_made_below(int) returns int language sql as $$ select $1 $$;
create function later_table() returns bigint language plpgsql as $$ begin return (select count(*) from below); end $$;
create table below (id int);
create function path() returns text language plpgsql set search_path = app as $$
begin
  return (select secret from hidden limit 1);
end $$;
create function path_by_quotes() returns text language plpgsql set search_path to "$user", app, public set work_mem = '64MB' as $$
begin
  return (select secret from hidden, users limit 1);
end $$;
create function parameters(a int, inout b text, out c users, variadic d int[]) language plpgsql as $$
declare
  x alias for $1;
  y alias for a;
  z users.id%type := a + $1;
  w b%type;
begin
  select u.* into c from users u where u.id = x and u.email = $2 and u.id = any (d) and parameters.a = y and u.id = $4[1];
  b := c.email || c.id || w;
  c.active := not c.active;
  perform audit(c);
  d[1] := z;
end $$;
create function columns() returns table (id int, mail varchar) language plpgsql as $$
#variable_conflict use_column
begin
  return query select id, email::varchar from users where id > 0;
  id := 1; mail := 'x'; return next;
  return query insert into users (id, email) values (1, 'x') returning users.id, email::varchar;
  return query execute format('select * from %I', 'users') using id, mail;
end $$;
create function blocks(n int) returns int language plpgsql as $$
<<whole>>
declare
  n text := n;
  m constant int not null default 5;
  s status := 'open';
  p positive := 3;
begin
  <<part>>
  declare
    n date := now();
  begin
    raise notice '% % % %', whole.n || 'x', part.n + 1, blocks.n * 2, m;
    exit part when n > now();
  end part;
  if s = 'closed' and length(n) = 1 then
    return p;
  elsif found then
    return case s when 'open' then 1 else 2 end;
  end if;
  for m in reverse 10..1 by 2 loop
    continue when m = 3;
    perform m + blocks.n;
  end loop;
  case m when 1, 2 then null; else null; end case;
  assert m = 5, 'm is ' || m;
  return whole.m;
end whole $$;
create function records() returns setof record language plpgsql as $$
declare
  r record;
  q record;
  d record;
  c cursor (low int) for select id, email from users where id > low;
  e refcursor;
begin
  for r in select id as a, email as b from users for update loop
    raise notice '% %', r.a + 1, r.b || 'x';
  end loop;
  for r in execute 'select 1 as whatever' loop
    raise notice '%', r.whatever + r.nobody_knows;
  end loop;
  for r in select 1 as c, 2 as d loop
    for q in select r.c + 1 as f from users where users.id = r.d loop
      raise notice '%', q.f + r.d;
    end loop;
  end loop;
  insert into orders (user_id) values (1) returning id, total into strict q;
  execute 'select 1 as x' into d;
  perform d.x, d.y;
  for r in c(1) loop perform r.id, r.email; end loop;
  open c(low := 2);
  fetch next from c into r;
  close c;
  open e for select 1 as one;
  fetch e into d;
  perform d.one;
  update users set active = false where id = 1 returning * into d;
  perform d.active;
  return query select 1, 2;
end $$;
create function last_order(who int) returns numeric language plpgsql as $$
declare
  o record;
  u users%rowtype;
begin
  insert into orders as x (user_id, total) values (who, 1)
    on conflict (user_id, placed) do update set total = excluded.total + x.total
    returning x.total, x.placed into o;
  select * into strict u from users where id = who;
  u := null;
  call close_order(who, u.active);
  return o.total;
exception
  when no_data_found or sqlstate '22012' then
    get stacked diagnostics u.email = message_text;
    raise warning '% %', sqlerrm, sqlstate using hint = 'x' || u.email;
    return null;
end $$;
create function temporary() returns int language plpgsql as $$
begin
  create temporary table scratch on commit drop as select 1 as a;
  insert into scratch values (2);
  execute 'create table dynamic_' || 'one (id int)';
  execute format('create table %I (id int)', 'dynamic_two');
  insert into dynamic_two values (1);
  alter table users add column extra text;
  update users set extra = 'x';
  return (select sum(a) from scratch);
end $$;
create function makes_scratch() returns void language plpgsql as $$
begin create temp table if not exists elsewhere (id int); end $$;
create function uses_scratch() returns bigint language plpgsql as $$
begin
  perform makes_scratch();
  return (select count(*) from elsewhere);
end $$;
create function optional_parts() returns void language plpgsql as $$
begin
  if to_regclass('maybe') is not null then
    delete from maybe;
  end if;
  begin
    perform extension_function();
  exception when undefined_function then null;
  end;
  begin
    perform pg_other.thing();
  exception when others then raise notice 'not there';
  end;
end $$;
create function any_type(a anyelement, b anyarray) returns anyelement language plpgsql as $$
declare
  c a%type;
begin
  c := a || 'x'; return a + b[1] + c;
end $$;
create function one_trigger() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' then
    insert into app.hidden values (old.id, tg_table_name || tg_argv[0]);
    perform audit(old);
    return old;
  end if;
  new.email := lower(new.email);
  new := old;
  return new;
end $$;
create trigger one before insert or update or delete on users for each row execute function one_trigger('x');
create function two_tables() returns trigger language plpgsql as $$
begin
  if tg_table_name = 'users' then perform new.email; else perform new.total; end if;
  return null;
end $$;
create trigger two after insert on users for each row execute function two_tables();
create trigger two after insert on orders for each row execute function two_tables();
create function transitions() returns trigger language plpgsql as $$
begin
  insert into app.hidden select id, email from added;
  return null;
end $$;
create trigger transitions after insert on users referencing new table as added for each statement execute function transitions();
create function no_trigger_yet() returns trigger language plpgsql as $$
begin
  new.whatever := now(); insert into app.hidden select * from changed_rows; return new;
end $$;
create function event() returns event_trigger language plpgsql as $$
begin raise notice '% %', tg_event, tg_tag; end $$;
create function nothing() returns void language plpgsql as 'begin end';
create function quoted("The Id" int) returns int language plpgsql as $f$
declare
  "Mixed Case" int := "The Id";
begin
  return "Mixed Case" + quoted."The Id" + $1;
end $f$;
do $$
begin
  if exists (select from information_schema.columns where table_name = 'users' and column_name = 'legacy') then
    update users set legacy = null;
  end if;
  create table made_here (a int);
  if 1 = 2 then insert into made_here values (1); end if;
  drop table made_here;
end $$;
