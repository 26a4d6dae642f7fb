--- before
create table teams (id int primary key);
create table invitations (id int primary key, team int references teams);
create type state as enum ('open');
create table tickets (id int primary key, status state, points int constraint positive check (points > 0));
create schema app;
create table app.notes (id int primary key, text text not null, author text not null);
--- misspelt
drop table invitatiosn;
--         ^^^^^^^^^^^ error 42P01 table "invitatiosn" does not exist
drop table teams;
--         ^^^^^ hint 2BP01 cannot drop table teams because other objects depend on it (follows from misspelt)
alter table tickets drop column statsu;
--                              ^^^^^^ error 42703 column "statsu" of relation "tickets" does not exist
drop type state;
--        ^^^^^ hint 2BP01 cannot drop type state because other objects depend on it (follows from misspelt)
truncate teams;
--       ^^^^^ hint 0A000 cannot truncate a table referenced in a foreign key constraint (follows from misspelt)
--- unreadable
drpo table invitations;
^^^^ error 42601 syntax error at or near "drpo"
drop table teams;
--         ^^^^^ hint 2BP01 cannot drop table teams because other objects depend on it (follows from unreadable)
drop table if exits app.notes;
--            ^^^^^ error 42601 syntax error at or near "exits"
drop schema app;
--          ^^^ hint 2BP01 cannot drop schema app because other objects depend on it (follows from unreadable)
alter table invitations drp column team;
--                      ^^^ error 42601 syntax error at or near "drp"
drop table teams;
--         ^^^^^ hint 2BP01 cannot drop table teams because other objects depend on it (follows from unreadable)
--- again
drop table teasm cascade;
--         ^^^^^ error 42P01 table "teasm" does not exist
create table teams (id int primary key, motto text);
--           ^^^^^ hint 42P07 relation "teams" already exists (follows from again)
create index on teams (motto);
--                     ^^^^^ hint 42703 column "motto" does not exist (follows from again)
alter table tickets drop constrain positive;
--                                 ^^^^^^^^ error 42601 syntax error at or near "positive"
alter table tickets add constraint positive check (points > 1);
--                                 ^^^^^^^^ hint 42710 constraint "positive" for relation "tickets" already exists (follows from again)
--- unrelated
create table others (team int references teams);
drop table nowhere;
--         ^^^^^^^ error 42P01 table "nowhere" does not exist
create table if exits elsewhere (id int);
--              ^^^^^ error 42601 syntax error at or near "exits"
drop table teams;
--         ^^^^^ hint 2BP01 cannot drop table teams because other objects depend on it (follows from unreadable)
drop table invitatio;
--         ^^^^^^^^^ error 42P01 table "invitatio" does not exist
create table tickets (id int);
--           ^^^^^^^ error 42P07 relation "tickets" already exists
--- sequences
create table orders (id serila primary key);
--                      ^^^^^^ error 42704 type "serila" does not exist
select setval('orders_id_seq', 10);
--            ^^^^^^^^^^^^^^^ hint 42P01 relation "orders_id_seq" does not exist (follows from sequences)
create table lines id serial primary key);
--                 ^^ error 42601 syntax error at or near "id"
alter sequence lines_id_seq restart;
--             ^^^^^^^^^^^^ hint 42P01 relation "lines_id_seq" does not exist (follows from sequences)
alter sequence others_id_seq restart;
--             ^^^^^^^^^^^^^ error 42P01 relation "others_id_seq" does not exist
--- extensions
create extension if exists pg_trgm;
--                  ^^^^^^ error 42601 syntax error at or near "exists"
create index on app.notes using gin (text gin_trgm_ops);
--                                        ^^^^^^^^^^^^ hint 42704 operator class "gin_trgm_ops" does not exist for access method "gin" (follows from extensions)
create extensino if not exists "uuid-ossp";
--     ^^^^^^^^^ error 42601 syntax error at or near "extensino"
select uuid_nil();
--     ^^^^^^^^ hint 42883 function uuid_nil() does not exist (follows from extensions)
create extension nothing_like_this;
--               ^^^^^^^^^^^^^^^^^ error extension-missing The server has no extension nothing_like_this.
select nothing_found();
--     ^^^^^^^^^^^^^ hint 42883 function nothing_found() does not exist (follows from extensions)
select found_nowhere();
--     ^^^^^^^^^^^^^ error 42883 function found_nowhere() does not exist
--- notNull
alter table app.notse alter column author drop not null;
--          ^^^^^^^^^ error 42P01 relation "app.notse" does not exist
insert into app.notes (id, text) values (1, '');
--          ^^^^^^^^^ hint 23502 null value in column "author" of relation "notes" violates not-null constraint (follows from notNull)
insert into app.notes (id, author) values (1, '');
--          ^^^^^^^^^ error 23502 null value in column "text" of relation "notes" violates not-null constraint
--- dynamic
create table app.secrets (id serila);
--                           ^^^^^^ error 42704 type "serila" does not exist
do $$ begin execute 'revoke all on app.secrets from ' || current_user; end $$;
--    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ hint 42P01 relation "app.secrets" does not exist (follows from dynamic)
--- functions
create function app.one() returns int language sql as 'select 1';
drop function app.oen();
--            ^^^^^^^ error 42883 function app.oen() does not exist
create or replace function app.one() returns text language sql as $$ select '1' $$;
^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ hint 42P13 cannot change return type of existing function (follows from functions)
create tabl app.three (id int);
--     ^^^^ error 42601 syntax error at or near "tabl"
drop function app.two();
--            ^^^^^^^ error 42883 function app.two() does not exist
--- replaced
create table app.limits (id int primary key, most int);
create view app.known as select l.id from app.limits l;
create or replace view app.known as select 1 as id from app.limist;
--                                                      ^^^^^^^^^^ error 42P01 relation "app.limist" does not exist
drop table app.limits;
--         ^^^^^^^^^^ hint 2BP01 cannot drop table app.limits because other objects depend on it (follows from replaced)
create or replace view app.known as seletc 1 as id;
--                                  ^^^^^^ error 42601 syntax error at or near "seletc"
drop table app.limits;
--         ^^^^^^^^^^ hint 2BP01 cannot drop table app.limits because other objects depend on it (follows from replaced)
--- retyped
create type app.kind as enum ('a');
create table app.kinds (id int primary key, is_of app.kind);
alter table app.kinsd alter column is_of type text;
--          ^^^^^^^^^ error 42P01 relation "app.kinsd" does not exist
drop type app.kind;
--        ^^^^^^^^ hint 2BP01 cannot drop type app.kind because other objects depend on it (follows from retyped)
alter table app.kinds alter column is_fo type text;
--                                 ^^^^^ error 42703 column "is_fo" of relation "kinds" does not exist
drop type app.kind;
--        ^^^^^^^^ hint 2BP01 cannot drop type app.kind because other objects depend on it (follows from retyped)
