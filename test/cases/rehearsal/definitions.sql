--- one
create table t (id int primary key);
create function twice(n int) returns int language plpgsql as $$
declare
  m int;
begin
  m := n / 0;
  return m;
end
$$;
create function outer_one() returns int language plpgsql as $$
begin
  return twice(1);
end
$$;
--- two
create function in_sql() returns bigint language sql as $$ select count(*) from t where id = 1 / (select 0) $$;
select in_sql();
^^^^^^^^^^^^^^^ error 22012 division by zero
select outer_one();
^^^^^^^^^^^^^^^^^^ error 22012 division by zero [twice ran this. one: m := n / 0;]
create function stamp() returns trigger language plpgsql as $$
begin
  new.changed := now();
--^^^^^^^^^^^ warning 42703 record "new" has no field "changed"
  return new;
end
$$;
create trigger stamp before insert on t for each row execute function stamp();
insert into t values (1);
^^^^^^^^^^^^^^^^^^^^^^^^ error 42703 record "new" has no field "changed" [stamp ran this. two: new.changed := now();]
do $$ begin perform outer_one(); end $$;
--    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ error 22012 division by zero [twice ran this. one: m := n / 0;]
