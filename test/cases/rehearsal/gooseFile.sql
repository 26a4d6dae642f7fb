--- 1
-- +goose Up
create table users (id serial primary key, name text not null); insert into users (name) values ('ann');
-- +goose StatementBegin
create function names() returns setof text language plpgsql as $$
begin
  return query select name from userz;
--                              ^^^^^ warning 42P01 relation "userz" does not exist
end;
$$;
-- +goose StatementEnd
select nam from users;
--     ^^^ error 42703 column "nam" does not exist

-- +goose Down
drop table userz;
--         ^^^^^ error 42P01 table "userz" does not exist
drop function names();
drop table users;
--- 2
-- +goose NO TRANSACTION
-- +goose Up
create index concurrently users_name on users (name);
insert into users (name) values ('bob'); insert into users (id, name) values (1, 'eve');
--                                                   ^^^^^ error 23505 duplicate key value violates unique constraint "users_pkey"
create index concurrently users_two on users (name); select 1;
^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ error 25001 CREATE INDEX CONCURRENTLY cannot run inside a transaction block
-- +goose StatementBegin
set constraints all deferred;
insert into users (name) values ('fay');
insert into users (nam) values ('fay');
--                 ^^^ error 42703 column "nam" of relation "users" does not exist
-- +goose StatementEnd
vacuum users;
-- +goose Down
drop index concurrently users_name;
--- 3
-- +goose Up
select 1 / (count(*) - 2) from users;
do $$
begin
  perform 1;
  perform nam from users;
--        ^^^ error 42703 column "nam" does not exist
end;
$$;
