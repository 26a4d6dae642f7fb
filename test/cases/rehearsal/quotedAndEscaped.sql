--- before
create table "Users" ("Id" int primary key, "E-Mail" text);
create table "select" ("from" int);
--- migration
insert into "Users" ("id") values (1);
--                   ^^^^ error 42703 column "id" of relation "Users" does not exist
alter table "Users" add column "E-Mail" text;
--                             ^^^^^^^^ error 42701 column "E-Mail" of relation "Users" already exists
alter table Users add column x int;
--          ^^^^^ error 42P01 relation "users" does not exist
create index "Users_pkey" on "Users" ("E-Mail");
--           ^^^^^^^^^^^^ error 42P07 relation "Users_pkey" already exists
select "From" from "select";
--     ^^^^^^ error 42703 column "From" does not exist
do E'begin\n  perform \'x\' || nmae from "Users";\nend';
--                             ^^^^ error 42703 column "nmae" does not exist
do $$ begin execute 'alter table "Users" drop column "nope"'; end $$;
--    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ error 42703 column "nope" of relation "Users" does not exist
select E'\'' || U&"\0049d2" from "Users";
--              ^^^^^^^^^^^ error 42703 column "Id2" does not exist
alter table "Users" rename "E-Mail" to "Id";
--                                     ^^^^ error 42701 column "Id" of relation "Users" already exists
select 'ü', "Ü" from "Users";
--          ^^^ error 42703 column "Ü" does not exist
