--- before
create table users (id int primary key, name text);
--- migration
do $$
declare
  n int;
begin
  -- 🎉 a comment
  select count(*) into n from users where nme = 'x';
--                                        ^^^ error 42703 column "nme" does not exist
end
$$;
do $body$ begin
  perform 1;
  raise exception 'nothing works';
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ error P0001 nothing works
end $body$;
do '
begin
  insert into users values (1, ''a'', ''b'');
--                                    ^^^^^ error 42601 INSERT has more expressions than target columns
end';
create function f() returns int language sql as $$ select nme from users $$;
--                                                        ^^^ error 42703 column "nme" does not exist
create function g() returns int language plpgsql as $$
begin
  retrun 1;
--^^^^^^ error 42601 syntax error at or near "retrun"
end $$;
create function h() returns int language plpgsql as $f$
begin
  return (select id from userz);
--                       ^^^^^ warning 42P01 relation "userz" does not exist
end $f$;
select h();
^^^^^^^^^^ error 42P01 relation "userz" does not exist [h ran this. migration: userz]
