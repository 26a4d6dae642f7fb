--- before
create table users (id int primary key, name text);
--- migration
do $$
declare
  n int;
begin
  -- 🎉 a comment
  select count(*) into n from users where nme = 'x';
end
$$;
do $body$ begin
  perform 1;
  raise exception 'nothing works';
end $body$;
do '
begin
  insert into users values (1, ''a'', ''b'');
end';
create function f() returns int language sql as $$ select nme from users $$;
create function g() returns int language plpgsql as $$
begin
  retrun 1;
end $$;
create function h() returns int language plpgsql as $f$
begin
  return (select id from userz);
end $f$;
select h();
